-- IWSQ (SCTBench, Chess): the work-stealing queue under a spin lock, with a capacity test off by one. 2 threads with main; 4
-- items, 2 attempts to steal.
-- Fails: assertion
local threads = require "lockstep.threads"

threads.program("IWSQ", require "families.work_stealing"(require "families.spin_lock", 1))
