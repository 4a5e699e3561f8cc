-- statefulN: threads add fives to a number under a lock; one adds 0, 1, 2 ... and finds that the remainder by 5 is never 2,
-- since no triangular number leaves 2. No bug.
local threads = require "lockstep.threads"

-- adders: threads that add five, each `rounds` times.
return function(adders, rounds)
  return function()
    local data, m = threads.cell("data", 10), threads.mutex("m")
    local function fives()
      for _ = 1, rounds do
        m:lock()
        data:set(data:get() + 5)
        m:unlock()
      end
    end
    local function triangle()
      for j = 0, rounds - 1 do
        m:lock()
        data:set(data:get() + j)
        assert(data:get() % 5 ~= 2, "a remainder of 2")
        m:unlock()
      end
    end
    local all = { threads.create(fives), threads.create(triangle) }
    for i = 3, adders + 1 do all[i] = threads.create(fives) end
    for _, thread in ipairs(all) do threads.join(thread) end
  end
end
