-- twostage_100 (SCTBench, CS): 99 writers, 1 reader, 101 threads with main. A reader comes between the two stages.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("twostage_100", require "families.twostage"(99, 1))
