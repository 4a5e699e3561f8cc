-- The repair of bugs/queue_lost.lua: one process owns the queue, and nobody else touches it.
-- Class: lost update (queue)
local lockstep = require "lockstep"
local history = require "lockstep.history"
local generator = require "lockstep.generator"
local checker = require "lockstep.checker"

local function owner()
  local items = {}
  while true do
    local request, from, value = table.unpack(lockstep.recv())
    if request == "enqueue" then
      items[#items + 1] = value
      lockstep.send(from, { "queue" })
    else
      lockstep.send(from, { "queue", table.remove(items, 1) })
    end
  end
end

local ANSWER = { lockstep.one_of, { "queue" }, { "queue", lockstep.any } }

local function enqueue(q, value)
  lockstep.send(q, { "enqueue", lockstep.self(), value })
  lockstep.recv_first(ANSWER)
end

local function dequeue(q)
  lockstep.send(q, { "dequeue", lockstep.self() })
  return lockstep.recv_first(ANSWER)[2]
end

local function perform(op, _, h, q)
  history.op(h, op, function(value)
    if op.f == "enqueue" then
      enqueue(q, value)
      return
    end
    return dequeue(q)
  end)
end

lockstep.scenario("a queue with two producers, repaired", function()
  local h = history.start()
  local q = lockstep.spawn(owner)
  local ops = generator.list({
    { f = "enqueue", value = "a" },
    { f = "enqueue", value = "b" },
    { f = "dequeue" },
    { f = "enqueue", value = "c" },
  })
  generator.run(2, generator.share(ops, 1, 1), perform, h, q)
  repeat
    local left = history.op(h, "dequeue", nil, function() return dequeue(q) end)
  until left == nil
  checker.linearizable(h, "queue")
end)
