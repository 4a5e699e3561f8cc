-- phase01 (SCTBench, CS): two threads take and release lock x, then take it for good: one of them hangs. 3 threads with main;
-- fails under every schedule.
-- Fails: deadlock
local threads = require "lockstep.threads"

threads.program("phase01", function()
  local x, y = threads.mutex("x"), threads.mutex("y")

  local function phases()
    x:lock()
    x:unlock()
    x:lock()
    y:lock()
    y:unlock()
    y:lock()
    y:unlock()
  end

  local first, second = threads.create(phases), threads.create(phases)
  threads.join(first)
  threads.join(second)
end)
