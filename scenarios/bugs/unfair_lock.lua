-- A lock in one atomic, taken by compare_exchange. It never deadlocks: whenever it is free, somebody who tries takes it.
-- But a process that frees it and takes it again at once can do so for ever between two tries of another one, which
-- tries again and again and never gets it. No schedule fails an assertion; the failure is a loop in which everybody
-- runs and the root's turn never comes. The greedy process takes the lock again only when the root has asked for it.
-- Class: starvation (unfair lock)
-- Found by: pct within 200 iterations
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

local function acquire(lock, asked)
  if asked then
    atomics.put(asked, 1, 1)
  end
  while atomics.compare_exchange(lock, 1, 0, 1) ~= "ok" do
    lockstep.yield()
  end
end

local function release(lock)
  atomics.put(lock, 1, 0)
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
  local lock, cell, asked = atomics.new(1), atomics.new(1), atomics.new(1)
  lockstep.spawn(greedy, lock, cell, asked)
  lockstep.temporal("the root waits for the lock", "hot")
  acquire(lock, asked)
  lockstep.temporal("the root waits for the lock", "cold")
  assert(atomics.get(lock, 1) == 1, "somebody else frees the root's lock")
end)
