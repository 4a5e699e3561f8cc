-- micro_3 (SCTBench, CS): 3 threads increment a variable without a lock and find it positive, as it always is; a clean
-- control. 4 threads with main.
-- Fails: never
local threads = require "lockstep.threads"

threads.program("micro_3", require "families.increments"(3))
