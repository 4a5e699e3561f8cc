-- The repair of queue: items are noted and compared by how many there were, not by attempts.
local threads = require "lockstep.threads"

local SIZE <const> = 20

threads.program("queue, repaired", function()
  local element, stored = threads.array("element", SIZE), threads.array("stored", SIZE)
  local head, tail, amount = threads.cell("head"), threads.cell("tail"), threads.cell("amount")
  local may_enqueue, may_dequeue = threads.cell("may_enqueue", 1), threads.cell("may_dequeue")
  local m = threads.mutex("m")

  local function enqueue(value)
    element:set(tail:get() + 1, value)
    amount:set(amount:get() + 1)
    tail:set(tail:get() == SIZE and 1 or tail:get() + 1)
  end
  local function dequeue()
    local value = element:get(head:get() + 1)
    amount:set(amount:get() - 1)
    head:set(head:get() == SIZE and 1 or head:get() + 1)
    return value
  end
  local function producer()
    local value = 0
    m:lock()
    enqueue(value)
    stored:set(1, value)
    assert(head:get() ~= tail:get(), "the queue is empty after an item was put in")
    m:unlock()
    for _ = 1, SIZE - 1 do
      m:lock()
      if may_enqueue:get() == 1 then
        value = value + 1
        enqueue(value)
        stored:set(value + 1, value)
        may_enqueue:set(0)
        may_dequeue:set(1)
      end
      m:unlock()
    end
  end
  local function consumer()
    local taken = 0
    for _ = 1, SIZE do
      m:lock()
      if may_dequeue:get() == 1 then
        local value = dequeue()
        taken = taken + 1
        assert(value == stored:get(taken), "not the item that was stored")
        may_dequeue:set(0)
        may_enqueue:set(1)
      end
      m:unlock()
    end
  end

  local p, c = threads.create(producer), threads.create(consumer)
  threads.join(p)
  threads.join(c)
end)
