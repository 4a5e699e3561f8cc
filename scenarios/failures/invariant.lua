-- Two accounts whose sum must not change. The transfer is two steps, and between them the sum is wrong.
-- Outcome: invariant
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

lockstep.scenario("a sum that holds", function()
  local accounts = atomics.new(2)
  atomics.put(accounts, 1, 10)
  lockstep.invariant("the sum is 10", function()
    return atomics.get(accounts, 1) + atomics.get(accounts, 2) == 10
  end)
  atomics.sub(accounts, 1, 3)
  atomics.add(accounts, 2, 3)
end)
