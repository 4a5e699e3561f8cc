-- WSQ (SCTBench, Chess): a work-stealing queue under a mutex, with a capacity test off by one. 2 threads with main; 4 items,
-- 2 attempts to steal.
-- Fails: assertion
local threads = require "lockstep.threads"

local function mutex() return threads.mutex("lock") end

threads.program("WSQ", require "families.work_stealing"(mutex, 1))
