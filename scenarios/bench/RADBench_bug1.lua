-- RADBench_bug1 (RADBench; SpiderMonkey): 3 threads switch the property cache off and on, 4 times each, by a counter that
-- is not atomic; reduced to the cache. 4 threads with main.
-- Fails: assertion
local threads = require "lockstep.threads"

local function count(disabled, n) disabled:set(disabled:get() + n) end

threads.program("RADBench_bug1", require "families.property_cache"(3, 4, count))
