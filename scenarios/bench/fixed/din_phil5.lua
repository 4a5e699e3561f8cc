-- The repair of din_phil5: the count may reach 5, and is never above it.
local threads = require "lockstep.threads"

threads.program("din_phil5, repaired", require "families.philosophers_atomic"(5, function(count) return count <= 5 end))
