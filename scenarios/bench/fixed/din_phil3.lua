-- The repair of din_phil3: the count may reach 3, and is never above it.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("din_phil3, repaired", require "families.philosophers_atomic"(3, function(count) return count <= 3 end))
