-- A client looks a server up, sends it a request and waits for the answer. The server may end in between: a send to a
-- dead process is no error, and the client waits for ever.
-- Class: deadlock (call to a dead process)
-- Found by: pos within 50 iterations
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

lockstep.scenario("call to a dead process", function()
  local target = lockstep.spawn(server)
  lockstep.spawn(administrator, target)
  lockstep.send(target, { "question", lockstep.self() })
  lockstep.recv()
end)
