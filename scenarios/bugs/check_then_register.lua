-- Two processes want to be the leader: each looks whether the name is free, then takes it. If both look first, the
-- second to register crashes with badarg.
-- Class: check then act (registered name)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"

local function candidate(parent)
  if not lockstep.whereis("leader") then
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
