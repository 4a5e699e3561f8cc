-- The repair of RADBench_bug6: the reader gives the lock back before it takes it again.
-- Proved by: dpor
local threads = require "lockstep.threads"
local new_lock = require "families.writers_first"

threads.program("RADBench_bug6, repaired", function()
  local lock = new_lock()

  local function writer()
    lock:write_lock()
    lock:unlock()
  end
  local function reader()
    lock:read_lock()
    lock:unlock()
    lock:read_lock()
    lock:unlock()
  end

  local first, second = threads.create(writer), threads.create(reader)
  threads.join(first)
  threads.join(second)
end)
