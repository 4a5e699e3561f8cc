-- The repair of bugs/late_timeout.lua: each question carries a reference, and only its own answer is taken.
-- Class: timeout against reply
local lockstep = require "lockstep"

local function double()
  while true do
    local from, tag, number = table.unpack(lockstep.recv())
    lockstep.send(from, { tag, 2 * number })
  end
end

local function call(server, number)
  local tag = lockstep.make_ref()
  lockstep.send(server, { lockstep.self(), tag, number })
  local answer = lockstep.recv_first({ tag, lockstep.any }, 100)
  return answer and answer[2]
end

lockstep.scenario("timeout against reply, repaired", { timers = "racy" }, function()
  local server = lockstep.spawn(double)
  local first = call(server, 1)
  assert(first == nil or first == 2)
  local second = call(server, 10)
  assert(second == nil or second == 20, "asked for twice 10, got " .. tostring(second))
end)
