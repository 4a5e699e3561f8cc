-- The repair of twostage_100: 99 writers, which keep the first lock for both stages, and 1 reader.
local threads = require "lockstep.threads"

threads.program("twostage_100, repaired", require "families.twostage"(99, 1))
