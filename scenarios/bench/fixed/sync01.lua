-- The repair of sync01: the consumer takes one out.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("sync01, repaired", function()
  local num, m = threads.cell("num", 1), threads.mutex("m")
  local empty, full = threads.condition("empty"), threads.condition("full")

  local function producer()
    m:lock()
    while num:get() > 0 do empty:wait(m) end
    num:set(num:get() + 1)
    m:unlock()
    full:signal()
  end
  local function consumer()
    m:lock()
    while num:get() == 0 do full:wait(m) end
    num:set(num:get() - 1)
    m:unlock()
    empty:signal()
  end

  local p, c = threads.create(producer), threads.create(consumer)
  threads.join(p)
  threads.join(c)
end)
