-- circular_buffer (SCTBench, CS): sender and receiver take turns by two flags, seven attempts each. Each uses the number of
-- its attempt as the item, also when an attempt before was not its turn, so one turn missed puts them out of step.
-- 3 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

local SIZE <const>, N <const> = 10, 7

threads.program("circular_buffer", function()
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
    for i = 0, N - 1 do
      m:lock()
      if send:get() == 1 then
        insert(i)
        send:set(0)
        receive:set(1)
      end
      m:unlock()
    end
  end
  local function receiver()
    for i = 0, N - 1 do
      m:lock()
      if receive:get() == 1 then
        local item = remove()
        assert(item == i, "an item out of step")
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
