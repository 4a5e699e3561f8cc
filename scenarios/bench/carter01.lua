-- carter01 (SCTBench, CS): two groups share a resource under lock l. The first of a group takes l while it holds m, the last
-- gives it back under m: if one group holds l and the other waits for it with m held, nobody goes on. 5 threads with
-- main, two of them empty.
-- Fails: deadlock
local threads = require "lockstep.threads"

threads.program("carter01", function()
  local m, l = threads.mutex("m"), threads.mutex("l")
  local a, b = threads.cell("A"), threads.cell("B")

  local function member(group)
    m:lock()
    group:set(group:get() + 1)
    if group:get() == 1 then l:lock() end
    m:unlock()
    m:lock()
    group:set(group:get() - 1)
    if group:get() == 0 then l:unlock() end
    m:unlock()
  end
  local function idle() end

  local all = { threads.create(member, a), threads.create(member, b), threads.create(idle), threads.create(idle) }
  for _, thread in ipairs(all) do threads.join(thread) end
end)
