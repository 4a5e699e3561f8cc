-- The repair of lazy01: the check allows for both to have added.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("lazy01, repaired", function()
  local data, m = threads.cell("data"), threads.mutex("m")

  local function add(n)
    m:lock()
    data:set(data:get() + n)
    m:unlock()
  end
  local function check()
    m:lock()
    assert(data:get() <= 3, "more than both add")
    m:unlock()
  end

  local all = { threads.create(add, 1), threads.create(add, 2), threads.create(check) }
  for _, thread in ipairs(all) do threads.join(thread) end
end)
