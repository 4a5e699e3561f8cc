-- The candidate counts voters, not votes: who has answered is kept by name, and a vote that comes twice counts once.
-- Source: Scott et al., Minimizing Faulty Executions of Distributed Systems (NSDI 2016): akka-raft, raft-45; Ongaro and
-- Ousterhout, In Search of an Understandable Consensus Algorithm (2014), 5.2
-- Class: election safety (duplicated message)
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"

local nodes = { "a", "b", "c", "d", "e" }
local term, majority = 1, 3

-- A follower has one vote in a term, and gives it again to whom it has given it.
local function follower()
  local voted_for
  while true do
    local _, candidate, name = table.unpack(lockstep.recv_first({ "request_vote", lockstep.any, lockstep.any }))
    voted_for = voted_for or name
    lockstep.send(candidate, { "vote", lockstep.self(), voted_for == name })
  end
end

local function candidate(name, followers, parent)
  lockstep.recv_first("start")
  for _, each in ipairs(followers) do
    lockstep.send(each, { "request_vote", lockstep.self(), name })
  end
  local votes, replies, answered = 1, 0, {}
  while votes < majority and replies < #followers do
    local _, voter, granted = table.unpack(lockstep.recv_first({ "vote", lockstep.any, lockstep.any }))
    if not answered[voter] then
      answered[voter] = true
      replies = replies + 1
      votes = votes + (granted and 1 or 0)
    end
  end
  lockstep.send(parent, { name, votes >= majority and "leader" or "candidate", term })
end

lockstep.scenario("Raft election, voters counted", function()
  cluster.start_nodes(nodes)
  local followers, candidates = {}, {}
  for i = 3, #nodes do
    followers[#followers + 1] = cluster.spawn(nodes[i], follower)
  end
  for i = 1, 2 do
    candidates[i] = cluster.spawn(nodes[i], candidate, nodes[i], followers, lockstep.self())
  end
  cluster.faults({ duplicate = 1 })
  for _, each in ipairs(candidates) do
    lockstep.send(each, "start")
  end
  local first = lockstep.recv_first({ "a", lockstep.any, lockstep.any })
  local second = lockstep.recv_first({ "b", lockstep.any, lockstep.any })
  assert(first[2] ~= "leader" or second[2] ~= "leader", "two leaders in term " .. term)
end)
