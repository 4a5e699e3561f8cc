-- The repair of uneven25: the many writes wait for the one.
-- Proved by: dpor
local threads = require "lockstep.threads"

threads.program("uneven25, repaired", function()
  local x, ready = threads.cell("x"), threads.semaphore("ready")

  local function many()
    ready:wait()
    for i = 1, 25 do x:set(i) end
  end
  local function one()
    x:set(-1)
    ready:post()
  end

  local first, second = threads.create(many), threads.create(one)
  threads.join(first)
  threads.join(second)
  assert(x:get() ~= -1, "the one write came after all the others")
end)
