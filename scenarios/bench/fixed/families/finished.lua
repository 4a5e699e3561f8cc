-- barnes, fft and lu of SPLASH-2 as SCTBench has them, with the macro that waits for the end left empty: main does its share
-- of the work, does not wait for its one worker, and asserts that both have finished. The numerical work is left out; what
-- counts is how many shared steps the two take.
local threads = require "lockstep.threads"

-- steps: shared accesses of each. wait: the repair.
return function(steps, wait)
  return function()
    local started, finished = threads.cell("started"), threads.cell("finished")
    local grid, m = threads.array("grid", 2), threads.mutex("m")

    local function share()
      m:lock()
      local me = started:get() + 1
      started:set(me)
      m:unlock()
      for _ = 1, steps // 2 do grid:set(me, grid:get(me) + 1) end
      m:lock()
      finished:set(finished:get() + 1)
      m:unlock()
    end

    local worker = threads.create(share)
    share()
    if wait then threads.join(worker) end
    assert(finished:get() == 2, "main is through before its worker")
    if not wait then threads.join(worker) end
  end
end
