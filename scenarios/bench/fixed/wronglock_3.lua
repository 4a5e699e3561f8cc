-- The repair of wronglock_3: all take the same lock.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("wronglock_3, repaired", function()
  local value = threads.cell("value")
  local data_lock = threads.mutex("data_lock")

  local function checked()
    data_lock:lock()
    local before = value:get()
    value:set(value:get() + 1)
    assert(value:get() == before + 1, "the value changed under the lock")
    data_lock:unlock()
  end
  local function unchecked()
    data_lock:lock()
    value:set(value:get() + 1)
    data_lock:unlock()
  end

  local all = { threads.create(checked) }
  for _ = 1, 3 do all[#all + 1] = threads.create(unchecked) end
  for _, thread in ipairs(all) do threads.join(thread) end
end)
