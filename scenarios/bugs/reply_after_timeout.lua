-- A call by hand: send a request, wait for a reply for some time. A client that gives up and asks something else takes
-- the late reply to its first question for the answer to its second.
-- Source: OTP before 24, gen_server:call/3: a reply after a caught timeout stays in the caller's mailbox; EEP 53,
-- Process aliases preventing late replies reaching clients
-- Class: timeout against reply (late reply)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"

local function serve()
  while true do
    local from, question = table.unpack(lockstep.recv())
    lockstep.send(from, { "reply", "answer to " .. question })
  end
end

local function call(server, question, timeout)
  lockstep.send(server, { lockstep.self(), question })
  local message = lockstep.recv_first({ "reply", lockstep.any }, timeout)
  return message and message[2]
end

lockstep.scenario("late reply after a timeout", { timers = "racy" }, function()
  local server = lockstep.spawn(serve)
  local first = call(server, "first", 10)
  assert(first == nil or first == "answer to first")
  local second = call(server, "second", "infinity")
  assert(second == "answer to second", "asked second, got " .. second)
end)
