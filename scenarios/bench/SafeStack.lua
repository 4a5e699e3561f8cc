-- SafeStack (Vyukov's example for Relacy; SCTBench): a lock-free stack of three elements as a head and successors. Each of
-- three threads twice pops an element, marks it, reads the mark and pushes it back. A pop takes the successor away before
-- it moves the head, which fails to protect it from ABA: two threads own one element. It takes five preemptions or more.
-- 4 threads with main.
-- Fails: crash
-- Rare: about one execution in a million
local lockstep = require "lockstep"
local threads = require "lockstep.threads"

local ELEMENTS <const>, ROUNDS <const>, NONE <const> = 3, 2, -1

threads.program("SafeStack", { iterations = 2000000 }, function()
  local head, count = threads.cell("head"), threads.cell("count", ELEMENTS)
  local next = threads.array("next", ELEMENTS, function(i) return i < ELEMENTS and i or NONE end)
  local value = threads.array("value", ELEMENTS, NONE)

  -- Every fourth round in vain ends in a sleep, so that a thread that is always preferred does not spin for ever.
  local vain = 0
  local function in_vain()
    vain = vain + 1
    if vain % 4 == 0 then lockstep.sleep(1) end
  end
  local function pop()
    while count:get() > 1 do
      local first = head:get()
      local second = next:exchange(first + 1, NONE)
      if second >= 0 then
        if head:cas(first, second) then
          count:add(-1)
          return first
        end
        next:exchange(first + 1, second)
      end
      in_vain()
    end
    return NONE
  end
  local function push(element)
    local first = head:get()
    next:set(element + 1, first)
    while not head:cas(first, element) do
      first = head:get()
      next:set(element + 1, first)
    end
    count:add(1)
  end
  local function worker(id)
    for _ = 1, ROUNDS do
      local element = pop()
      while element < 0 do
        in_vain()
        element = pop()
      end
      value:set(element + 1, id)
      assert(value:get(element + 1) == id, "two threads own one element")
      push(element)
    end
  end

  local all = {}
  for id = 1, 3 do all[id] = threads.create(worker, id) end
  for _, thread in ipairs(all) do threads.join(thread) end
end)
