-- The repair of reorder_100: 99 setters and 1 checker under one mutex.
local threads = require "lockstep.threads"

threads.program("reorder_100, repaired", require "families.reorder"(99, 1))
