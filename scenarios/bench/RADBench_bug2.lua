-- RADBench_bug2 (RADBench; SpiderMonkey): main finds no collection running and an object in place, then uses the object; the
-- collector may start in between and free it. Reduced to the object and the state of the collector. 2 threads with main.
-- Fails: assertion
local threads = require "lockstep.threads"

threads.program("RADBench_bug2", function()
  local running, object, heap = threads.cell("gcRunning"), threads.cell("object", 1), threads.heap("objects", 1)

  local function collect()
    running:set(1)
    local garbage = object:get()
    object:set(0)
    heap:free(garbage)
    running:set(0)
  end

  local collector = threads.create(collect)
  if running:get() == 0 and object:get() ~= 0 then heap:use(object:get()) end
  threads.join(collector)
end)
