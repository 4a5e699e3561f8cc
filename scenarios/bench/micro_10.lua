-- micro_10 (SCTBench, CS): 10 threads increment a variable without a lock and find it positive, as it always is; a clean
-- control. 11 threads with main.
-- Fails: never
local threads = require "lockstep.threads"

threads.program("micro_10", require "families.increments"(10))
