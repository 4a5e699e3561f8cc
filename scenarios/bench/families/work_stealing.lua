-- The work-stealing queue of Chess. Its owner pushes and pops at the tail, without the lock unless it has to; a thief takes
-- from the head under the lock. The owner's test for a free slot is one too generous, so that a push may overwrite an item
-- that a thief is about to take. Each of 4 items must be worked on exactly once.
local threads = require "lockstep.threads"

local ITEMS <const>, ATTEMPTS <const>, INITIAL_SIZE <const> = 4, 2, 2
local SLOTS <const> = 8 -- more than it can grow to with 4 items

-- lock() and unlock() of what new_lock makes guard the queue. slack: 1 as published, 0 repaired.
return function(new_lock, slack)
  return function()
    local head, tail, mask = threads.cell("head"), threads.cell("tail"), threads.cell("mask", INITIAL_SIZE - 1)
    local elements, fields = threads.array("elements", SLOTS), threads.array("fields", ITEMS)
    local lock = new_lock()

    local function steal()
      lock:lock()
      local item
      local h = head:get()
      head:set(h + 1)
      if h < tail:get() then
        item = elements:get((h & mask:get()) + 1)
      else
        head:set(h)
      end
      lock:unlock()
      return item
    end
    local function locked_pop()
      lock:lock()
      local item
      local t = tail:get() - 1
      tail:set(t)
      if head:get() <= t then
        item = elements:get((t & mask:get()) + 1)
      else
        tail:set(t + 1)
      end
      if head:get() > t then
        head:set(0)
        tail:set(0)
        item = nil
      end
      lock:unlock()
      return item
    end
    local function pop()
      local t = tail:get() - 1
      tail:set(t)
      if head:get() <= t then return elements:get((t & mask:get()) + 1) end
      tail:set(t + 1)
      return locked_pop()
    end
    local function locked_push(item)
      lock:lock()
      local m = mask:get()
      local h = head:get()
      local count = tail:get() - h
      h = h & m
      head:set(h)
      tail:set(h + count)
      if count >= m then
        local moved = {}
        for i = 1, count do moved[i] = elements:get((h + i - 1 & m) + 1) end
        for i = 1, count do elements:set(i, moved[i]) end
        m = 2 * (m + 1) - 1
        mask:set(m)
        head:set(0)
        tail:set(count)
      end
      local t = tail:get()
      elements:set((t & m) + 1, item)
      tail:set(t + 1)
      lock:unlock()
    end
    local function push(item)
      local t = tail:get()
      local m = mask:get()
      if t < head:get() + m + slack then
        elements:set((t & m) + 1, item)
        tail:set(t + 1)
      else
        locked_push(item)
      end
    end
    local function work(item)
      if item then fields:set(item, fields:get(item) + 1) end
    end
    local function thief()
      for _ = 1, ATTEMPTS do work(steal()) end
    end

    local stealer = threads.create(thief)
    for i = 1, ITEMS, 2 do
      push(i)
      push(i + 1)
      work(pop())
    end
    for _ = 1, ITEMS // 2 do work(pop()) end
    threads.join(stealer)
    for i = 1, ITEMS do assert(fields:get(i) == 1, "an item was not worked on exactly once") end
  end
end
