-- reorder_20 (SCTBench, CS): 10 setters, 10 checkers, 21 threads with main. A checker sees a set and b not yet.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("reorder_20", require "families.reorder"(10, 10))
