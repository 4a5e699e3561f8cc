-- The repair of reorder_10: 9 setters and 1 checker under one mutex.
local threads = require "lockstep.threads"

threads.program("reorder_10, repaired", require "families.reorder"(9, 1))
