-- Something that should come true at some time, and does not before the execution ends.
-- Outcome: liveness
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

lockstep.scenario("nobody raises the flag", function()
  local flag = atomics.new(1)
  lockstep.eventually("the flag is up", function()
    return atomics.get(flag, 1) == 1
  end)
  lockstep.spawn(atomics.put, flag, 1, 2)
end)
