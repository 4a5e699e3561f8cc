-- A queue in a table: the number of the next free slot, and the elements by their slots. Two producers that read the number
-- before either writes it back put their elements into one slot, and the first is lost.
-- Class: lost update (queue)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"
local history = require "lockstep.history"
local generator = require "lockstep.generator"
local checker = require "lockstep.checker"
local ets = require "lockstep.ets"

local function new_queue()
  local q = ets.new("queue", { "public" })
  ets.insert(q, { { "tail", 0 }, { "head", 0 } })
  return q
end

local function enqueue(q, value)
  local slot = ets.lookup_element(q, "tail", 2)
  ets.insert(q, { slot, value })
  ets.insert(q, { "tail", slot + 1 })
end

local function dequeue(q)
  local slot = ets.lookup_element(q, "head", 2)
  local found = ets.take(q, slot)[1]
  if found then
    ets.update_counter(q, "head", 1)
    return found[2]
  end
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

lockstep.scenario("a queue with two producers", function()
  local h = history.start()
  local q = new_queue()
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
