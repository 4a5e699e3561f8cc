-- Says that it deadlocks, and does not: the run fails after all iterations.
-- Outcome: passed
-- Exit code: 1
local lockstep = require "lockstep"

lockstep.scenario("wrong expectation", { expect = "deadlock" }, function()
  lockstep.spawn(lockstep.send, lockstep.self(), "hello")
  lockstep.recv()
end)
