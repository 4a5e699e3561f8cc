-- The repair of ctrace: main ends the trace when both threads are through.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("ctrace, repaired", function()
  local enabled, level, logfile = threads.cell("enabled", 1), threads.cell("level", 1), threads.cell("logfile", 1)
  local heap = threads.heap("log", 1)

  local function trace()
    if enabled:get() == 1 and level:get() > 0 then heap:use(logfile:get()) end
  end
  local function stop()
    if enabled:get() == 1 then
      enabled:set(0)
      heap:free(logfile:get())
      logfile:set(0)
    end
  end
  local function thread()
    trace()
    trace()
  end

  local first, second = threads.create(thread), threads.create(thread)
  threads.join(first)
  threads.join(second)
  stop()
end)
