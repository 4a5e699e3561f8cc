-- The repair of pbzip2: main joins the consumers before it frees the queue.
-- Proved by: dpor
local threads = require "lockstep.threads"

local CONSUMERS <const>, BLOCKS <const> = 2, 2

threads.program("pbzip2, repaired", function()
  local head, tail, all_done = threads.cell("head"), threads.cell("tail"), threads.cell("allDone")
  local queue, output = threads.array("queue", BLOCKS), threads.semaphore("output")
  local mutex, not_empty, heap = threads.mutex("fifo_mutex"), threads.condition("notEmpty"), threads.heap("fifo", 1)

  local function consumer()
    while true do
      heap:use(1)
      mutex:lock()
      while head:get() == tail:get() do
        if all_done:get() == 1 then
          heap:use(1)
          mutex:unlock()
          return
        end
        not_empty:wait(mutex)
      end
      queue:get(head:get() + 1)
      head:set(head:get() + 1)
      heap:use(1)
      mutex:unlock()
      output:post()
    end
  end
  local function writer()
    for _ = 1, BLOCKS do output:wait() end
  end

  local consumers = {}
  for i = 1, CONSUMERS do consumers[i] = threads.create(consumer) end
  local output_thread = threads.create(writer)
  for block = 1, BLOCKS do
    mutex:lock()
    queue:set(tail:get() + 1, block)
    tail:set(tail:get() + 1)
    not_empty:signal()
    mutex:unlock()
  end
  mutex:lock()
  all_done:set(1)
  not_empty:broadcast()
  mutex:unlock()
  threads.join(output_thread)
  for _, thread in ipairs(consumers) do threads.join(thread) end
  heap:free(1)
end)
