-- The repair of circular_buffer: both count the items, not their attempts.
-- Proved by: dpor
local threads = require "lockstep.threads"

local SIZE <const>, N <const> = 10, 7

threads.program("circular_buffer, repaired", function()
  local buffer, first, next = threads.array("buffer", SIZE), threads.cell("first"), threads.cell("next")
  local send, receive, m = threads.cell("send", 1), threads.cell("receive"), threads.mutex("m")

  local function insert(item)
    if next:get() >= SIZE then return end
    buffer:set(next:get() + 1, item)
    next:set((next:get() + 1) % SIZE)
  end
  local function remove()
    if next:get() == 0 or first:get() >= SIZE then return -1 end
    first:set(first:get() + 1)
    return buffer:get(first:get())
  end
  local function sender()
    local sent = 0
    for _ = 1, N do
      m:lock()
      if send:get() == 1 then
        insert(sent)
        sent = sent + 1
        send:set(0)
        receive:set(1)
      end
      m:unlock()
    end
  end
  local function receiver()
    local received = 0
    for _ = 1, N do
      m:lock()
      if receive:get() == 1 then
        local item = remove()
        assert(item == received, "an item out of step")
        received = received + 1
        receive:set(0)
        send:set(1)
      end
      m:unlock()
    end
  end

  local s, r = threads.create(sender), threads.create(receiver)
  threads.join(s)
  threads.join(r)
end)
