-- The repair of RADBench_bug2: check and use are under the lock of the collector.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("RADBench_bug2, repaired", function()
  local running, object, heap = threads.cell("gcRunning"), threads.cell("object", 1), threads.heap("objects", 1)
  local lock = threads.mutex("gcLock")

  local function collect()
    lock:lock()
    running:set(1)
    local garbage = object:get()
    object:set(0)
    heap:free(garbage)
    running:set(0)
    lock:unlock()
  end

  local collector = threads.create(collect)
  lock:lock()
  if running:get() == 0 and object:get() ~= 0 then heap:use(object:get()) end
  lock:unlock()
  threads.join(collector)
end)
