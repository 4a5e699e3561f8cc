-- stateful20 (SCTBench, CS): two threads of 20 rounds of adding five beside 20 of adding 0, 1, 2 and so on under one lock; a clean
-- control. 4 threads with main.
-- Fails: never
local threads = require "lockstep.threads"

threads.program("stateful20", require "families.stateful"(2, 20))
