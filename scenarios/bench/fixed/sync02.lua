-- The repair of sync02: the buffer starts with one item, so one is left for the end.
-- Proved by: dpor
local threads = require "lockstep.threads"

local N <const>, AT_FIRST <const> = 2, 1

threads.program("sync02, repaired", function()
  local num, m = threads.cell("num", AT_FIRST), threads.mutex("m")
  local empty, full = threads.condition("empty"), threads.condition("full")

  local function producer()
    for _ = 1, N do
      m:lock()
      while num:get() > 0 do empty:wait(m) end
      num:set(num:get() + 1)
      m:unlock()
      full:signal()
    end
  end
  local function consumer()
    for _ = 1, N do
      m:lock()
      while num:get() == 0 do full:wait(m) end
      num:set(num:get() - 1)
      m:unlock()
      empty:signal()
    end
  end

  local p, c = threads.create(producer), threads.create(consumer)
  threads.join(p)
  threads.join(c)
end)
