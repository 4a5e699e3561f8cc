-- bbuf (SCTBench, Inspect): a bounded buffer of two free places with two conditions, one producer, one consumer, ten items;
-- nobody ever reported a failure: a clean control. 3 threads with main.
-- Fails: never
local threads = require "lockstep.threads"

local SIZE <const>, ITEMS <const> = 3, 10

threads.program("bbuf", function()
  local valid, head, rear = threads.cell("valid", 1), threads.cell("head"), threads.cell("rear")
  local buffer, mutex = threads.array("buf", SIZE), threads.mutex("mutex")
  local not_full, not_empty = threads.condition("not_full"), threads.condition("not_empty")

  local function put(item)
    assert(valid:get() == 1, "the buffer is gone")
    mutex:lock()
    while (rear:get() + 1) % SIZE == head:get() do not_full:wait(mutex) end
    buffer:set(rear:get() + 1, item)
    rear:set((rear:get() + 1) % SIZE)
    not_empty:signal()
    mutex:unlock()
  end
  local function get()
    assert(valid:get() == 1, "the buffer is gone")
    mutex:lock()
    while head:get() == rear:get() do not_empty:wait(mutex) end
    local item = buffer:get(head:get() + 1)
    head:set((head:get() + 1) % SIZE)
    not_full:signal()
    mutex:unlock()
    return item
  end
  local function producer()
    for i = 1, ITEMS do put(i) end
  end
  local function consumer()
    for i = 1, ITEMS do assert(get() == i, "an item out of order") end
  end

  local p, c = threads.create(producer), threads.create(consumer)
  threads.join(p)
  threads.join(c)
  mutex:lock()
  valid:set(0)
  mutex:unlock()
end)
