-- reorder_10 (SCTBench, CS): 9 setters, 1 checker, 11 threads with main. A checker sees a set and b not yet.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("reorder_10", require "families.reorder"(9, 1))
