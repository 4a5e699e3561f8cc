-- din_phil5 (SCTBench, CS): 5 philosophers count themselves after dinner; that the count reaches 5 is called the failure.
-- Only lost updates prevent it. 6 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("din_phil5", require "families.philosophers_atomic"(5, function(count) return count ~= 5 end))
