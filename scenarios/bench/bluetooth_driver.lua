-- bluetooth_driver (SCTBench, CS; Qadeer and Wu, KISS, 2004): a request looks at the stopping flag before it counts itself.
-- A stop in between finds no request pending and releases the device. 2 threads with main.
-- Fails: assertion
local threads = require "lockstep.threads"

threads.program("bluetooth_driver", function()
  local pending, stopping = threads.cell("pending", 1), threads.cell("stopping")
  local event, stopped = threads.cell("event"), threads.cell("stopped")

  local function decrement()
    if pending:add(-1) == 0 then event:set(1) end
  end
  local function stop()
    stopping:set(1)
    decrement()
    if event:get() == 1 then stopped:set(1) end
  end
  local function increment()
    if stopping:get() == 1 then return false end
    pending:add(1)
    return true
  end

  local stopper = threads.create(stop)
  if increment() then assert(stopped:get() == 0, "work on a device that is stopped") end
  decrement()
  threads.join(stopper)
end)
