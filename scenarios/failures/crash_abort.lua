-- The same where the parent monitors it: crashes = "abort" makes the error of any process a failure.
-- Outcome: crash
local lockstep = require "lockstep"

lockstep.scenario("a crash that is seen, and a failure", { crashes = "abort" }, function()
  lockstep.spawn_monitor(function() error("out of order") end)
  lockstep.recv()
end)
