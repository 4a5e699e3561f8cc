-- twostage_50 (SCTBench, CS): 40 writers, 10 readers, 51 threads with main. A reader comes between the two stages.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("twostage_50", require "families.twostage"(40, 10))
