-- A counter replicated on two nodes. Each increment is sent to the other replica, which adds it. That converges only if
-- each operation arrives exactly once; the network may lose one message and deliver one twice, and the replicas differ
-- for ever.
-- Source: Shapiro et al., A comprehensive study of Convergent and Commutative Replicated Data Types (INRIA RR-7506,
-- 2011): operation-based objects need reliable delivery, exactly once
-- Class: divergence (message lost or duplicated)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"

local names = { "a", "b" }

local function replica(parent)
  local peer = lockstep.recv_first({ "peer", lockstep.any })[2]
  lockstep.send(parent, "ready")
  local value = 1
  lockstep.send(peer, { "add", 1 })
  while true do
    local message = lockstep.recv()
    if message[1] == "add" then
      value = value + message[2]
    elseif message[1] == "read" then
      lockstep.send(message[2], { message[3], value })
    end
  end
end

-- Asks until an answer comes: one may be lost.
local function read(pid)
  local answer
  repeat
    local ref = lockstep.make_ref()
    lockstep.send(pid, { "read", lockstep.self(), ref })
    answer = lockstep.recv_first({ ref, lockstep.any }, 100)
  until answer
  return answer[2]
end

lockstep.scenario("operation-based counter", function()
  cluster.start_nodes(names)
  local a, b = cluster.spawn("a", replica, lockstep.self()), cluster.spawn("b", replica, lockstep.self())
  lockstep.send(a, { "peer", b })
  lockstep.send(b, { "peer", a })
  for _ = 1, 2 do
    lockstep.recv_first("ready")
  end
  cluster.faults({ loss = 1, duplicate = 1 })
  lockstep.sleep(1000)
  local at_a, at_b = read(a), read(b)
  assert(at_a == at_b, "a has " .. at_a .. ", b has " .. at_b)
end)
