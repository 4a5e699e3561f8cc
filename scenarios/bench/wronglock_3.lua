-- wronglock_3 (SCTBench, CS): one thread increments and checks under a lock that the three others, which increment under
-- another one, do not take. 5 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("wronglock_3", function()
  local value = threads.cell("value")
  local data_lock, this_lock = threads.mutex("data_lock"), threads.mutex("this_lock")

  local function checked()
    data_lock:lock()
    local before = value:get()
    value:set(value:get() + 1)
    assert(value:get() == before + 1, "the value changed under the lock")
    data_lock:unlock()
  end
  local function unchecked()
    this_lock:lock()
    value:set(value:get() + 1)
    this_lock:unlock()
  end

  local all = { threads.create(checked) }
  for _ = 1, 3 do all[#all + 1] = threads.create(unchecked) end
  for _, thread in ipairs(all) do threads.join(thread) end
end)
