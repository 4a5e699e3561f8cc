-- barnes (SCTBench, SPLASH-2): main asserts that its worker has finished without waiting for it; reduced to the shared steps.
-- 2 threads with main.
-- Fails: assertion
local threads = require "lockstep.threads"

threads.program("barnes", require "families.finished"(2200, false))
