-- Broken repair of bugs/check_then_register.lua: looking twice is not taking.
local lockstep = require "lockstep"

local function candidate(parent)
  if not lockstep.whereis("leader") and not lockstep.whereis("leader") then
    lockstep.register("leader", lockstep.self())
    lockstep.send(parent, "leader")
  else
    lockstep.send(parent, "follower")
  end
  lockstep.recv_first("stop")
end

lockstep.scenario("check, then register", function()
  for _ = 1, 2 do
    lockstep.spawn(candidate, lockstep.self())
  end
  lockstep.recv()
  lockstep.recv()
end)
