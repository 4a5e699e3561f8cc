-- The repair of phase01: x is released the second time as well.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("phase01, repaired", function()
  local x, y = threads.mutex("x"), threads.mutex("y")

  local function phases()
    x:lock()
    x:unlock()
    x:lock()
    x:unlock()
    y:lock()
    y:unlock()
    y:lock()
    y:unlock()
  end

  local first, second = threads.create(phases), threads.create(phases)
  threads.join(first)
  threads.join(second)
end)
