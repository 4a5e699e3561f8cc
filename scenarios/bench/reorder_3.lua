-- reorder_3 (SCTBench, CS): 2 setters, 1 checker, 4 threads with main. A checker sees a set and b not yet.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("reorder_3", require "families.reorder"(2, 1))
