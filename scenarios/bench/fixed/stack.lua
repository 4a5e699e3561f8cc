-- The repair of stack: whether there is an item is asked of the stack itself.
local threads = require "lockstep.threads"

local SIZE <const> = 10

threads.program("stack, repaired", function()
  local top, items = threads.cell("top"), threads.array("items", SIZE)
  local m = threads.mutex("m")

  local function pusher()
    for i = 1, SIZE do
      m:lock()
      assert(top:get() ~= SIZE, "overflow")
      items:set(top:get() + 1, i)
      top:set(top:get() + 1)
      m:unlock()
    end
  end
  local function popper()
    for _ = 1, SIZE do
      m:lock()
      if top:get() > 0 then
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
