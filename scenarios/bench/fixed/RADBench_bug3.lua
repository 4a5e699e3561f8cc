-- The repair of RADBench_bug3: the counter is atomic.
-- Proved by: dpor
local threads = require "lockstep.threads"

local function count(disabled, n) disabled:add(n) end

threads.program("RADBench_bug3, repaired", require "families.property_cache"(2, 2, count))
