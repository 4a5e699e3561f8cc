-- The repair of reorder_20: 10 setters and 10 checkers under one mutex.
local threads = require "lockstep.threads"

threads.program("reorder_20, repaired", require "families.reorder"(10, 10))
