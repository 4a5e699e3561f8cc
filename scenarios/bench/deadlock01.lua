-- deadlock01 (SCTBench, CS): two threads take the locks a and b in opposite order. 3 threads with main.
-- Fails: deadlock
local threads = require "lockstep.threads"

threads.program("deadlock01", function()
  local counter, a, b = threads.cell("counter", 1), threads.mutex("a"), threads.mutex("b")

  local function up()
    a:lock()
    b:lock()
    counter:set(counter:get() + 1)
    b:unlock()
    a:unlock()
  end
  local function down()
    b:lock()
    a:lock()
    counter:set(counter:get() - 1)
    a:unlock()
    b:unlock()
  end

  local first, second = threads.create(up), threads.create(down)
  threads.join(first)
  threads.join(second)
end)
