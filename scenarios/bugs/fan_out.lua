-- A parent fans out three tasks and collects until none is left, where "left" is what it knows of: it counts a task when
-- the task says that it has begun. A quick task may be done before a slow one has said so, and the slow one's result is
-- lost.
-- Class: lost result (fan-out)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"

local function task(parent, number)
  lockstep.send(parent, { "begun" })
  lockstep.send(parent, { "result", number })
end

lockstep.scenario("fan-out", function()
  for number = 1, 3 do
    lockstep.spawn(task, lockstep.self(), number)
  end
  local running, sum = 0, 0
  repeat
    local kind, number = table.unpack(lockstep.recv())
    if kind == "begun" then
      running = running + 1
    else
      running = running - 1
      sum = sum + number
    end
  until running == 0
  assert(sum == 6, "expected 6, got " .. sum)
end)
