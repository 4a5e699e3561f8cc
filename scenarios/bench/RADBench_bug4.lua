-- RADBench_bug4 (RADBench; NSPR): the lock around localtime, which has one static buffer, is made when it is first needed.
-- Two threads may make one each: one releases the lock that the other took, or reads the other's time. 3 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

local FIELDS <const> = 9 -- of a struct tm

threads.program("RADBench_bug4", function()
  local monitor, buffer = threads.cell("monitor"), threads.array("static_tm", FIELDS)
  local locks = { threads.mutex("lock1"), threads.mutex("lock2") }

  -- Each thread converts another time, so that it knows its own fields.
  local function explode(id)
    if monitor:get() == 0 then monitor:set(id) end
    locks[monitor:get()]:lock()
    for i = 1, FIELDS do buffer:set(i, id) end
    for i = 1, FIELDS do assert(buffer:get(i) == id, "fields of another time") end
    locks[monitor:get()]:unlock()
  end

  local first, second = threads.create(explode, 1), threads.create(explode, 2)
  threads.join(first)
  threads.join(second)
end)
