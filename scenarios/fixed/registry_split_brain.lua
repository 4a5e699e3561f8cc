-- A leader that is told of the conflict steps down.
-- Source: OTP, global: random_notify_name sends {global_name_conflict, Name}; what follows is the process's business
-- Class: split brain (registry)
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local global = require "lockstep.global"

local function lead()
  lockstep.recv_first({ "global_name_conflict", "leader" })
end

-- On each node: whoever sees no leader becomes it.
local function candidate(parent)
  local me = lockstep.self()
  local first = not global.whereis_name("leader")
    and global.register_name("leader", me, global.random_notify_name) == "yes"
  lockstep.send(parent, { "joined", first and me })
  if first then
    lead()
  end
end

lockstep.scenario("one leader after healing", function()
  local me = lockstep.self()
  cluster.set_net_ticktime(10)
  cluster.start_nodes({ "a", "b" })
  if lockstep.choose({ "split", "whole" }) == "split" then
    cluster.partition("a", "b")
    lockstep.sleep(100)
  end
  cluster.spawn("a", candidate, me)
  cluster.spawn("b", candidate, me)
  local leaders = {}
  for _ = 1, 2 do
    local leader = lockstep.recv_first({ "joined", lockstep.any })[2]
    if leader then
      leaders[#leaders + 1] = leader
    end
  end
  cluster.heal()
  lockstep.sleep(1000)
  local acting = 0
  for _, leader in ipairs(leaders) do
    if cluster.run(lockstep.node(leader), lockstep.alive, leader) then
      acting = acting + 1
    end
  end
  assert(acting == 1, acting .. " leaders after the partition has healed")
end)
