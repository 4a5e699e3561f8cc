-- The repair of bugs/fan_out.lua: the parent counts the tasks when it starts them.
-- Class: lost result (fan-out)
local lockstep = require "lockstep"

local function task(parent, number)
  lockstep.send(parent, { "result", number })
end

lockstep.scenario("fan-out, repaired", function()
  local running, sum = 0, 0
  for number = 1, 3 do
    lockstep.spawn(task, lockstep.self(), number)
    running = running + 1
  end
  while running > 0 do
    sum = sum + lockstep.recv()[2]
    running = running - 1
  end
  assert(sum == 6, "expected 6, got " .. sum)
end)
