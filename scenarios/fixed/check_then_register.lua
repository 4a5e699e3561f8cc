-- The repair of bugs/check_then_register.lua: register decides, and whoever gets badarg follows.
-- Class: check then act (registered name)
local lockstep = require "lockstep"

local function candidate(parent)
  local leads = pcall(lockstep.register, "leader", lockstep.self())
  lockstep.send(parent, leads and "leader" or "follower")
  lockstep.recv_first("stop")
end

lockstep.scenario("check, then register, repaired", function()
  for _ = 1, 2 do
    lockstep.spawn(candidate, lockstep.self())
  end
  local first, second = lockstep.recv(), lockstep.recv()
  assert(first ~= second, "both are " .. first)
end)
