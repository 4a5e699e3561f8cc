-- The repair of bugs/dead_target.lua: the client monitors the server while it waits, and hears of its end.
-- Class: deadlock (call to a dead process)
local lockstep = require "lockstep"

local function server()
  while true do
    local message = lockstep.recv()
    if message == "stop" then
      return
    end
    lockstep.send(message[2], "answer")
  end
end

local function administrator(target)
  lockstep.send(target, "stop")
end

lockstep.scenario("call to a dead process, repaired", function()
  local target = lockstep.spawn(server)
  lockstep.spawn(administrator, target)
  local ref = lockstep.monitor(target)
  lockstep.send(target, { "question", lockstep.self() })
  local answer = lockstep.recv()
  lockstep.demonitor(ref, { flush = true })
  assert(answer == "answer" or answer[1] == "DOWN")
end)
