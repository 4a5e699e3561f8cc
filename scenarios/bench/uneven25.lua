-- uneven25 (the example of the URW paper, 2025): one thread writes a variable 25 times, the other once, and that one write
-- must not come last. 3 threads with main.
-- Fails: assertion
local threads = require "lockstep.threads"

threads.program("uneven25", function()
  local x = threads.cell("x")

  local function many()
    for i = 1, 25 do x:set(i) end
  end
  local function one() x:set(-1) end

  local first, second = threads.create(many), threads.create(one)
  threads.join(first)
  threads.join(second)
  assert(x:get() ~= -1, "the one write came after all the others")
end)
