-- The repair of twostage: 1 writer, which keep the first lock for both stages, and 1 reader.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("twostage, repaired", require "families.twostage"(1, 1))
