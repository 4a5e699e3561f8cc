-- micro_2 (SCTBench, CS): 2 threads increment a variable without a lock and find it positive, as it always is; a clean
-- control. 3 threads with main.
-- Fails: never
local threads = require "lockstep.threads"

threads.program("micro_2", require "families.increments"(2))
