-- RADBench_bug6 (RADBench; NSPR): a reader takes a readers-writer lock twice. The lock lets no reader in while a writer waits,
-- so a writer that comes between the two waits for the reader, and the reader for the writer. 3 threads with main.
-- Fails: deadlock
local threads = require "lockstep.threads"
local new_lock = require "families.writers_first"

threads.program("RADBench_bug6", function()
  local lock = new_lock()

  local function writer()
    lock:write_lock()
    lock:unlock()
  end
  local function reader()
    lock:read_lock()
    lock:read_lock()
    lock:unlock()
    lock:unlock()
  end

  local first, second = threads.create(writer), threads.create(reader)
  threads.join(first)
  threads.join(second)
end)
