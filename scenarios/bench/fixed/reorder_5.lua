-- The repair of reorder_5: 4 setters and 1 checker under one mutex.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("reorder_5, repaired", require "families.reorder"(4, 1))
