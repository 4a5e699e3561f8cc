-- A node of a gossip overlay asks a peer to be its neighbour. The peer accepts, and its connection breaks. The answer
-- and the notice of the loss come from two processes, so the answer may come last: a dead peer enters the active view,
-- and nothing will ever remove it. Found in the HyParView library, repaired in its version 0.2.0.
-- Class: message order (late reply)
-- Found by: pos within 50 iterations
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
    elseif kind == "connection_lost" then
      active[name] = nil
    end
  end
  assert(not active.peer, "a peer whose connection is lost is in the active view")
end)
