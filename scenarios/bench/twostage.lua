-- twostage (SCTBench, CS): 1 writer, 1 reader, 3 threads with main. A reader comes between the two stages.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("twostage", require "families.twostage"(1, 1))
