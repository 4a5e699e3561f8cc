-- reorder_5 (SCTBench, CS): 4 setters, 1 checker, 6 threads with main. A checker sees a set and b not yet.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("reorder_5", require "families.reorder"(4, 1))
