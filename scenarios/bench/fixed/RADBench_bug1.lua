-- The repair of RADBench_bug1: the counter is atomic.
local threads = require "lockstep.threads"

local function count(disabled, n) disabled:add(n) end

threads.program("RADBench_bug1, repaired", require "families.property_cache"(3, 4, count))
