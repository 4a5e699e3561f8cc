-- din_phil7 (SCTBench, CS): 7 philosophers count themselves after dinner; that the count reaches 7 is called the failure.
-- Only lost updates prevent it. 8 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("din_phil7", require "families.philosophers_atomic"(7, function(count) return count ~= 7 end))
