-- lazy01 (SCTBench, CS): one thread adds 1, one adds 2, and a third, which expects to be early, wants less than 3. All three
-- are under one lock. 4 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("lazy01", function()
  local data, m = threads.cell("data"), threads.mutex("m")

  local function add(n)
    m:lock()
    data:set(data:get() + n)
    m:unlock()
  end
  local function check()
    m:lock()
    assert(data:get() < 3, "both had added")
    m:unlock()
  end

  local all = { threads.create(add, 1), threads.create(add, 2), threads.create(check) }
  for _, thread in ipairs(all) do threads.join(thread) end
end)
