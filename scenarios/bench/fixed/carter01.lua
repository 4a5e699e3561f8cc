-- The repair of carter01: each group counts under a mutex of its own, so who waits for l holds up only its own group.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("carter01, repaired", function()
  local ma, mb, l = threads.mutex("ma"), threads.mutex("mb"), threads.mutex("l")
  local a, b = threads.cell("A"), threads.cell("B")

  local function member(group, m)
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

  local all = { threads.create(member, a, ma), threads.create(member, b, mb), threads.create(idle), threads.create(idle) }
  for _, thread in ipairs(all) do threads.join(thread) end
end)
