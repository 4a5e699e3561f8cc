-- The repair of reorder_3: 2 setters and 1 checker under one mutex.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("reorder_3, repaired", require "families.reorder"(2, 1))
