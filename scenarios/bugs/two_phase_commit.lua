-- Two-phase commit. Both participants vote yes, the coordinator decides and tells one after the other. A participant that
-- has voted and sees the coordinator crash gives up alone: it aborts, though the other may have been told to commit.
-- Source: Bernstein, Hadzilacos and Goodman, Concurrency Control and Recovery (1987), ch. 7: the uncertainty period
-- Class: atomicity (coordinator crash)
-- Found by: pos within 3000 iterations
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"

local function coordinator(participants)
  lockstep.recv_first("go")
  for _, participant in ipairs(participants) do
    lockstep.send(participant, { "prepare", lockstep.self() })
  end
  for _ = 1, #participants do
    lockstep.recv_first("yes")
  end
  for _, participant in ipairs(participants) do
    lockstep.send(participant, { "decision", "commit" })
  end
end

local function participant(parent)
  local ref = lockstep.monitor(lockstep.recv_first({ "coordinator", lockstep.any })[2])
  lockstep.send(parent, "ready")
  local decision
  repeat
    local message = lockstep.recv()
    if message[1] == "prepare" then
      lockstep.send(message[2], "yes")
    elseif message[1] == "DOWN" and message[2] == ref then
      decision = "abort"
    else
      decision = message[2]
    end
  until decision
  lockstep.send(parent, { "decided", decision })
end

lockstep.scenario("two-phase commit, the coordinator crashes", function()
  local participants = {}
  for i = 1, 2 do
    participants[i] = lockstep.spawn(participant, lockstep.self())
  end
  local leader = lockstep.spawn(coordinator, participants)
  for _, each in ipairs(participants) do
    lockstep.send(each, { "coordinator", leader })
  end
  for _ = 1, 2 do
    lockstep.recv_first("ready")
  end
  cluster.faults({ crash = { leader } })
  lockstep.send(leader, "go")
  local first = lockstep.recv_first({ "decided", lockstep.any })[2]
  local second = lockstep.recv_first({ "decided", lockstep.any })[2]
  assert(first == second, "one participant has " .. first .. ", the other " .. second)
end)
