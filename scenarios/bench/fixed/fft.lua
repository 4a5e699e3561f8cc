-- The repair of fft: main joins its worker before it asserts.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("fft, repaired", require "families.finished"(62, true))
