-- indexer (SCTBench, CS; Flanagan and Godefroid, 2005): 13 threads put four numbers each into a hash table of 128, with a
-- lock for each slot, going on to the next slot if one is taken; a clean control. 14 threads with main.
-- Fails: never
local threads = require "lockstep.threads"

local SIZE <const>, MESSAGES <const>, THREADS <const> = 128, 4, 13

threads.program("indexer", function()
  local slots, locks = threads.array("slots", SIZE), {}
  for i = 1, SIZE do locks[i] = threads.mutex("lock" .. i) end

  local function cas(h, old, new)
    locks[h + 1]:lock()
    local free = slots:get(h + 1) == old
    if free then slots:set(h + 1, new) end
    locks[h + 1]:unlock()
    return free
  end
  local function put(id)
    for m = 1, MESSAGES do
      local w = m * 11 + id
      local h = w * 7 % SIZE
      while not cas(h, 0, w) do h = (h + 1) % SIZE end
    end
  end

  local all = {}
  for i = 1, THREADS do all[i] = threads.create(put, i - 1) end
  for _, thread in ipairs(all) do threads.join(thread) end
  local taken = 0
  for i = 1, SIZE do taken = taken + (slots:get(i) ~= 0 and 1 or 0) end
  assert(taken == THREADS * MESSAGES, "an entry is missing")
end)
