-- A predicate looks at the state between two steps; it may not change it.
-- Outcome: misuse
-- Exit code: 3
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

lockstep.scenario("a predicate that counts", function()
  local calls = atomics.new(1)
  lockstep.invariant("few calls", function()
    return atomics.add_get(calls, 1, 1) < 100
  end)
  lockstep.yield()
end)
