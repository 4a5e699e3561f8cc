-- reorder_100 (SCTBench, CS): 99 setters, 1 checker, 101 threads with main. A checker sees a set and b not yet.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("reorder_100", require "families.reorder"(99, 1))
