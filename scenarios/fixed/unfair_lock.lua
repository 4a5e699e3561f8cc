-- The repair of bugs/unfair_lock.lua: a ticket lock. Whoever comes draws a number, and the lock goes by the numbers, so
-- everybody is served after those that came before.
-- Class: starvation (unfair lock)
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

-- Slot 1 is the next number to draw, slot 2 the number that is served.
local function acquire(lock, asked)
  local ticket = atomics.add_get(lock, 1, 1)
  if asked then
    atomics.put(asked, 1, 1)
  end
  while atomics.get(lock, 2) ~= ticket do
    lockstep.yield()
  end
end

local function release(lock)
  atomics.add(lock, 2, 1)
end

local function greedy(lock, cell, asked)
  while true do
    acquire(lock)
    atomics.put(cell, 1, 1)
    release(lock)
    while atomics.get(asked, 1) == 0 do
      lockstep.yield()
    end
  end
end

lockstep.scenario("unfair lock", function()
  local lock, cell, asked = atomics.new(2), atomics.new(1), atomics.new(1)
  atomics.put(lock, 2, 1)
  lockstep.spawn(greedy, lock, cell, asked)
  lockstep.temporal("the root waits for the lock", "hot")
  acquire(lock, asked)
  lockstep.temporal("the root waits for the lock", "cold")
  assert(atomics.get(cell, 1) <= 1)
end)
