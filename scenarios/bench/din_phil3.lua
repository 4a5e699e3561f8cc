-- din_phil3 (SCTBench, CS): 3 philosophers count themselves after dinner; that the count reaches 3 is called the failure.
-- Only lost updates prevent it. 4 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("din_phil3", require "families.philosophers_atomic"(3, function(count) return count ~= 3 end))
