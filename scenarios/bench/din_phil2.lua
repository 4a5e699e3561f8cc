-- din_phil2 (SCTBench, CS): 2 philosophers count themselves after dinner; that the count reaches 2 is called the failure.
-- Only lost updates prevent it. 3 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("din_phil2", require "families.philosophers_atomic"(2, function(count) return count ~= 2 end))
