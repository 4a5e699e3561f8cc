-- stateful06 (SCTBench, CS): 19 rounds of adding five beside 19 of adding 0, 1, 2 and so on under one lock; a clean control.
-- 3 threads with main.
-- Fails: never
local threads = require "lockstep.threads"

threads.program("stateful06", require "families.stateful"(1, 19))
