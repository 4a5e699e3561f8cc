-- A loop that performs no operation.
-- Outcome: runaway
local lockstep = require "lockstep"

local function wait_for(done)
  while not done[1] do
  end
end

lockstep.scenario("runaway loop", function()
  local done = {}
  lockstep.spawn(function()
    done[1] = true -- a copy: nothing is shared
  end)
  wait_for(done)
end)
