-- sync02 (SCTBench, CS): producer and consumer hand over two items, but the buffer starts with two in it: when the consumer
-- is through, one is left too many and the producer waits for ever. 3 threads with main; fails under every schedule.
-- Fails: deadlock
local threads = require "lockstep.threads"

local N <const>, AT_FIRST <const> = 2, 2

threads.program("sync02", function()
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
