-- Says that it deadlocks, and does: the run passes.
-- Outcome: deadlock
-- Exit code: 0
local lockstep = require "lockstep"

lockstep.scenario("expected deadlock", { expect = "deadlock" }, function()
  lockstep.recv()
end)
