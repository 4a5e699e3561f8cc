-- sync01 (SCTBench, CS): a producer waits until the buffer is empty, but the consumer takes nothing out before it signals:
-- the producer waits for ever. 3 threads with main; fails under every schedule.
-- Fails: deadlock
local threads = require "lockstep.threads"

threads.program("sync01", function()
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
    m:unlock()
    empty:signal()
  end

  local p, c = threads.create(producer), threads.create(consumer)
  threads.join(p)
  threads.join(c)
end)
