-- Dining philosophers, each taking its left fork, then its right one: if all hold the left, nobody eats.
local threads = require "lockstep.threads"

return function(n)
  return function()
    local forks = {}
    for i = 1, n do forks[i] = threads.mutex("fork" .. i) end

    local function dine(left, right)
      left:lock()
      right:lock()
      right:unlock()
      left:unlock()
    end

    local all = {}
    for i = 1, n do all[i] = threads.create(dine, forks[i], forks[i % n + 1]) end
    for _, thread in ipairs(all) do threads.join(thread) end
  end
end
