-- Two processes that each wait for the other's flag: both run for ever, and neither gets anywhere.
-- Outcome: liveness
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

local function wait(flags, own, other)
  while atomics.get(flags, other) == 0 do
    lockstep.yield()
  end
  atomics.put(flags, own, 1)
end

lockstep.scenario("after you", function()
  local flags = atomics.new(2)
  lockstep.temporal("somebody goes first", "hot")
  lockstep.spawn(wait, flags, 1, 2)
  wait(flags, 2, 1)
  lockstep.temporal("somebody goes first", "cold")
end)
