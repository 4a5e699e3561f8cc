-- The repair of din_phil7: the count may reach 7, and is never above it.
local threads = require "lockstep.threads"

threads.program("din_phil7, repaired", require "families.philosophers_atomic"(7, function(count) return count <= 7 end))
