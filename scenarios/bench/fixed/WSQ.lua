-- The repair of WSQ: a push leaves one slot free, for the thief that has moved the head and not yet taken its item.
-- Proved by: dpor
local threads = require "lockstep.threads"

local function mutex() return threads.mutex("lock") end

threads.program("WSQ, repaired", require "families.work_stealing"(mutex, 0))
