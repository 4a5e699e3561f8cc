-- The counter keeps a number for each replica and sends its whole state, more than once; who receives it takes the larger
-- number of each. Lost messages are made up for by the next one, and what comes twice changes nothing.
-- Source: Shapiro et al., A comprehensive study of Convergent and Commutative Replicated Data Types (INRIA RR-7506,
-- 2011): the state-based G-Counter
-- Class: divergence (message lost or duplicated)
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"

local names = { "a", "b" }
local rounds = 2

local function replica(parent, me)
  local peer = lockstep.recv_first({ "peer", lockstep.any })[2]
  lockstep.send(parent, "ready")
  local state = { a = 0, b = 0 }
  state[me] = state[me] + 1
  for _ = 1, rounds do
    lockstep.send(peer, { "merge", state })
  end
  while true do
    local message = lockstep.recv()
    if message[1] == "merge" then
      for _, name in ipairs(names) do
        state[name] = math.max(state[name], message[2][name])
      end
    elseif message[1] == "read" then
      lockstep.send(message[2], { message[3], state.a + state.b })
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

lockstep.scenario("state-based counter", function()
  cluster.start_nodes(names)
  local a, b = cluster.spawn("a", replica, lockstep.self(), "a"), cluster.spawn("b", replica, lockstep.self(), "b")
  lockstep.send(a, { "peer", b })
  lockstep.send(b, { "peer", a })
  for _ = 1, 2 do
    lockstep.recv_first("ready")
  end
  cluster.faults({ loss = 1, duplicate = 1 })
  lockstep.sleep(1000)
  local at_a, at_b = read(a), read(b)
  assert(at_a == 2 and at_b == 2, "a has " .. at_a .. ", b has " .. at_b)
end)
