-- The repair of din_phil2: the count may reach 2, and is never above it.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("din_phil2, repaired", require "families.philosophers_atomic"(2, function(count) return count <= 2 end))
