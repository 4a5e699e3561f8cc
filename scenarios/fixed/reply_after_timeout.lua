-- The reply goes to an alias that lives as long as the call, and carries its reference: what comes late is dropped, and
-- could not be mistaken.
-- Source: OTP 24, gen_server:call/3: process aliases
-- Class: timeout against reply (late reply)
local lockstep = require "lockstep"

local function serve()
  while true do
    local ref, question = table.unpack(lockstep.recv())
    lockstep.send(ref, { ref, "answer to " .. question })
  end
end

local function call(server, question, timeout)
  local ref = lockstep.monitor(server, { alias = "demonitor" })
  lockstep.send(server, { ref, question })
  local message = lockstep.recv_first({ ref, lockstep.any }, timeout)
  lockstep.demonitor(ref, { flush = true })
  return message and message[2]
end

lockstep.scenario("an alias for each call", { timers = "racy" }, function()
  local server = lockstep.spawn(serve)
  local first = call(server, "first", 10)
  assert(first == nil or first == "answer to first")
  local second = call(server, "second", "infinity")
  assert(second == "answer to second", "asked second, got " .. second)
end)
