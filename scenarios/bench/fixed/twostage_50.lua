-- The repair of twostage_50: 40 writers, which keep the first lock for both stages, and 10 readers.
local threads = require "lockstep.threads"

threads.program("twostage_50, repaired", require "families.twostage"(40, 10))
