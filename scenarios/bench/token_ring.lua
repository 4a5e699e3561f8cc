-- token_ring (SCTBench, CS): three threads each copy a token on, in whatever order, and a fourth wants all three equal once
-- all have run. Each step is one atomic block. 5 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("token_ring", function()
  local x1, x2, x3 = threads.cell("x1", 1), threads.cell("x2", 2), threads.cell("x3", 1)
  local flag1, flag2, flag3 = threads.cell("flag1"), threads.cell("flag2"), threads.cell("flag3")
  local atomic = threads.mutex("atomic")

  local function t1()
    atomic:lock()
    x1:set((x3:get() + 1) % 4)
    flag1:set(1)
    atomic:unlock()
  end
  local function t2()
    atomic:lock()
    x2:set(x1:get())
    flag2:set(1)
    atomic:unlock()
  end
  local function t3()
    atomic:lock()
    x3:set(x2:get())
    flag3:set(1)
    atomic:unlock()
  end
  local function check()
    atomic:lock()
    if flag1:get() == 1 and flag2:get() == 1 and flag3:get() == 1 then
      assert(x1:get() == x2:get() and x2:get() == x3:get(), "the tokens differ")
    end
    atomic:unlock()
  end

  local all = { threads.create(t1), threads.create(t2), threads.create(t3), threads.create(check) }
  for _, thread in ipairs(all) do threads.join(thread) end
end)
