-- The repair of barnes: main joins its worker before it asserts.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("barnes, repaired", require "families.finished"(2200, true))
