-- Two-phase commit with a decision on stable storage, which outlives the coordinator: whoever writes first decides, and
-- all follow what is written. A participant left alone proposes to abort there, and learns what was decided.
-- Source: Gray and Lamport, Consensus on Transaction Commit (2006): the decision must outlive the coordinator
-- Class: atomicity (coordinator crash)
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local ets = require "lockstep.ets"

local function decide(log, proposal)
  ets.insert_new(log, { "decision", proposal })
  return ets.lookup_element(log, "decision", 2)
end

local function coordinator(log, participants)
  lockstep.recv_first("go")
  for _, participant in ipairs(participants) do
    lockstep.send(participant, { "prepare", lockstep.self() })
  end
  for _ = 1, #participants do
    lockstep.recv_first("yes")
  end
  local decision = decide(log, "commit")
  for _, participant in ipairs(participants) do
    lockstep.send(participant, { "decision", decision })
  end
end

local function participant(log, parent)
  local ref = lockstep.monitor(lockstep.recv_first({ "coordinator", lockstep.any })[2])
  lockstep.send(parent, "ready")
  local decision
  repeat
    local message = lockstep.recv()
    if message[1] == "prepare" then
      lockstep.send(message[2], "yes")
    elseif message[1] == "DOWN" and message[2] == ref then
      decision = decide(log, "abort")
    else
      decision = message[2]
    end
  until decision
  lockstep.send(parent, { "decided", decision })
end

lockstep.scenario("two-phase commit, the coordinator writes down what it decides", function()
  local log = ets.new("log", { "set", "public" })
  local participants = {}
  for i = 1, 2 do
    participants[i] = lockstep.spawn(participant, log, lockstep.self())
  end
  local leader = lockstep.spawn(coordinator, log, participants)
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
