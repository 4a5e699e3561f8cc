-- Dining philosophers, repaired: all take the fork of the lower number first.
local threads = require "lockstep.threads"

return function(n)
  return function()
    local forks = {}
    for i = 1, n do forks[i] = threads.mutex("fork" .. i) end

    local function dine(first, second)
      first:lock()
      second:lock()
      second:unlock()
      first:unlock()
    end

    local all = {}
    for i = 1, n - 1 do all[i] = threads.create(dine, forks[i], forks[i + 1]) end
    all[n] = threads.create(dine, forks[1], forks[n])
    for _, thread in ipairs(all) do threads.join(thread) end
  end
end
