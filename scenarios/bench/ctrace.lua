-- ctrace (SCTBench, Inspect): two threads write to a trace log while tracing is enabled, and each ends the trace. One logs,
-- or ends it again, after the other has closed the log. 3 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("ctrace", function()
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
    stop()
  end

  local first, second = threads.create(thread), threads.create(thread)
  threads.join(first)
  threads.join(second)
end)
