-- Dining philosophers as SCTBench has them: taking and leaving both forks is one atomic block, so they never deadlock. Each
-- then counts itself, and that all have is called the failure.
local threads = require "lockstep.threads"

-- claim: what holds of the counter when a philosopher has counted itself.
return function(n, claim)
  return function()
    local forks, atomic, phil = {}, threads.mutex("atomic"), threads.cell("phil")
    for i = 1, n do forks[i] = threads.mutex("fork" .. i) end

    local function dine(left, right)
      atomic:lock()
      right:lock()
      left:lock()
      left:unlock()
      right:unlock()
      atomic:unlock()
      phil:set(phil:get() + 1)
      assert(claim(phil:get()), "the count of philosophers")
    end

    local all = {}
    for i = 1, n do all[i] = threads.create(dine, forks[i], forks[i % n + 1]) end
    for _, thread in ipairs(all) do threads.join(thread) end
  end
end
