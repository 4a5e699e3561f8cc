-- The repair of din_phil5_deadlock: the last philosopher takes the right fork first.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("din_phil5_deadlock, repaired", require "families.philosophers"(5))
