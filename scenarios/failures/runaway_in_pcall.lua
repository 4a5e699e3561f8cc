-- A loop that performs no operation, inside a pcall that tries again whatever happens: it ends all the same.
-- Outcome: runaway
local lockstep = require "lockstep"

local function spin()
  while true do
  end
end

lockstep.scenario("runaway loop inside pcall", function()
  while true do
    pcall(spin)
  end
end)
