-- The repair of RADBench_bug4: the lock is made before there are threads.
-- Proved by: dpor
local threads = require "lockstep.threads"

local FIELDS <const> = 9 -- of a struct tm

threads.program("RADBench_bug4, repaired", function()
  local monitor, buffer = threads.cell("monitor", 1), threads.array("static_tm", FIELDS)
  local locks = { threads.mutex("lock1"), threads.mutex("lock2") }

  -- Each thread converts another time, so that it knows its own fields.
  local function explode(id)
    locks[monitor:get()]:lock()
    for i = 1, FIELDS do buffer:set(i, id) end
    for i = 1, FIELDS do assert(buffer:get(i) == id, "fields of another time") end
    locks[monitor:get()]:unlock()
  end

  local first, second = threads.create(explode, 1), threads.create(explode, 2)
  threads.join(first)
  threads.join(second)
end)
