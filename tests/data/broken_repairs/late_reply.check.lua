-- Broken repair of bugs/late_reply.lua: the loss is remembered, but only until it has been handled.
local lockstep = require "lockstep"

local function peer()
  local _, from = table.unpack(lockstep.recv())
  lockstep.send(from, { "NEIGHBOR_REPLY", "peer", true })
end

local function transport(node)
  lockstep.send(node, { "connection_lost", "peer" })
end

lockstep.scenario("late neighbour reply", function()
  local active = {}
  local neighbour = lockstep.spawn(peer)
  lockstep.send(neighbour, { "NEIGHBOR", lockstep.self() })
  lockstep.spawn(transport, lockstep.self())
  for _ = 1, 2 do
    local kind, name, accepted = table.unpack(lockstep.recv())
    if kind == "NEIGHBOR_REPLY" and accepted then
      active[name] = true
    elseif kind == "connection_lost" and active[name] then
      active[name] = nil
    end
  end
  assert(not active.peer, "a peer whose connection is lost is in the active view")
end)
