-- The repair of IWSQ: a push leaves one slot free, for the thief that has moved the head and not yet taken its item.
local threads = require "lockstep.threads"

threads.program("IWSQ, repaired", require "families.work_stealing"(require "families.spin_lock", 0))
