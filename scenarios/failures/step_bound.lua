-- Two processes send one ball to each other for ever: every step does something, and none leads to an end.
-- Outcome: step_bound
local lockstep = require "lockstep"

local function player()
  while true do
    local ball, from = table.unpack(lockstep.recv())
    lockstep.send(from, { ball, lockstep.self() })
  end
end

lockstep.scenario("step bound", { max_steps = 1000 }, function()
  local other = lockstep.spawn(player)
  lockstep.send(other, { "ball", lockstep.self() })
  player()
end)
