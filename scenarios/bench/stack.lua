-- stack (SCTBench, CS): one thread pushes ten items, another pops ten times as soon as the flag says that there was a first
-- one. It may pop more often than was pushed. 3 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

local SIZE <const> = 10

threads.program("stack", function()
  local top, flag, items = threads.cell("top"), threads.cell("flag"), threads.array("items", SIZE)
  local m = threads.mutex("m")

  local function pusher()
    for i = 1, SIZE do
      m:lock()
      assert(top:get() ~= SIZE, "overflow")
      items:set(top:get() + 1, i)
      top:set(top:get() + 1)
      flag:set(1)
      m:unlock()
    end
  end
  local function popper()
    for _ = 1, SIZE do
      m:lock()
      if flag:get() == 1 then
        assert(top:get() ~= 0, "underflow")
        top:set(top:get() - 1)
        items:get(top:get() + 1)
      end
      m:unlock()
    end
  end

  local first, second = threads.create(pusher), threads.create(popper)
  threads.join(first)
  threads.join(second)
end)
