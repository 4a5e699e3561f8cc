-- The repair of arithmetic_prog: the sum is claimed to be what it is.
-- Proved by: dpor
local threads = require "lockstep.threads"

local N <const> = 3

threads.program("arithmetic_prog, repaired", function()
  local num, total, flag = threads.cell("num"), threads.cell("total"), threads.cell("flag")
  local m, empty, full = threads.mutex("m"), threads.condition("empty"), threads.condition("full")

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
    for j = 0, N - 1 do
      m:lock()
      while num:get() == 0 do full:wait(m) end
      total:set(total:get() + j)
      num:set(num:get() - 1)
      m:unlock()
      empty:signal()
    end
    total:set(total:get() + N)
    flag:set(1)
  end

  local p, c = threads.create(producer), threads.create(consumer)
  threads.join(p)
  threads.join(c)
  if flag:get() == 1 then assert(total:get() == N * (N + 1) // 2, "the sum is not N (N + 1) / 2") end
end)
