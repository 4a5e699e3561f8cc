-- Recursion without end is an error like any other: in the root, a failed execution.
-- Outcome: assertion
local lockstep = require "lockstep"

local function descend(n)
  return 1 + descend(n + 1)
end

lockstep.scenario("endless recursion", function()
  descend(1)
end)
