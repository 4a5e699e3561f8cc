-- The repair of deadlock01: both take a first.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("deadlock01, repaired", function()
  local counter, a, b = threads.cell("counter", 1), threads.mutex("a"), threads.mutex("b")

  local function up()
    a:lock()
    b:lock()
    counter:set(counter:get() + 1)
    b:unlock()
    a:unlock()
  end
  local function down()
    a:lock()
    b:lock()
    counter:set(counter:get() - 1)
    b:unlock()
    a:unlock()
  end

  local first, second = threads.create(up), threads.create(down)
  threads.join(first)
  threads.join(second)
end)
