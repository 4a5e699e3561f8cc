-- Writes a global while it runs. Not a finding but a mistake in the scenario.
-- Outcome: misuse
-- Exit code: 3
local lockstep = require "lockstep"

lockstep.scenario("write to a global", function()
  lockstep.yield()
  total = 1
end)
