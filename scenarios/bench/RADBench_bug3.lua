-- RADBench_bug3 (RADBench; SpiderMonkey): 2 threads switch the property cache off and on, 2 times each, by a counter that
-- is not atomic; reduced to the cache. 3 threads with main.
-- Fails: assertion
local threads = require "lockstep.threads"

local function count(disabled, n) disabled:set(disabled:get() + n) end

threads.program("RADBench_bug3", require "families.property_cache"(2, 2, count))
