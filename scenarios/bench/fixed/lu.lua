-- The repair of lu: main joins its worker before it asserts.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("lu, repaired", require "families.finished"(56, true))
