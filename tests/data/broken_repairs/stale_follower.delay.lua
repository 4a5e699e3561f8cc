-- Broken repair of bugs/stale_follower.lua: a time-out of nobody; the follower may still lag.
local lockstep = require "lockstep"

local function follower()
  local value = 0
  while true do
    local request, from, argument = table.unpack(lockstep.recv())
    if request == "replicate" then
      value = argument
    else
      lockstep.send(from, { "value", value })
    end
  end
end

local function leader(replica)
  while true do
    local _, from, argument = table.unpack(lockstep.recv())
    lockstep.send(from, "written")
    lockstep.send(replica, { "replicate", lockstep.self(), argument })
  end
end

lockstep.scenario("stale follower", function()
  local replica = lockstep.spawn(follower)
  local primary = lockstep.spawn(leader, replica)
  lockstep.send(primary, { "write", lockstep.self(), 42 })
  lockstep.recv_first("written")
  lockstep.yield()
  lockstep.yield()
  lockstep.send(replica, { "read", lockstep.self() })
  local value = lockstep.recv_first({ "value", lockstep.any })[2]
  assert(value == 42, "wrote 42, then read " .. value)
end)
