-- The repair of bluetooth_driver: a request counts itself, then looks at the flag.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("bluetooth_driver, repaired", function()
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
    pending:add(1)
    return stopping:get() == 0
  end

  local stopper = threads.create(stop)
  if increment() then assert(stopped:get() == 0, "work on a device that is stopped") end
  decrement()
  threads.join(stopper)
end)
