-- Broken repair of bugs/raft_election.lua: votes for nobody are left out, those that come twice are not.
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
  local votes, replies = 1, 0
  while votes < majority and replies < #followers do
    local granted = lockstep.recv_first({ "vote", lockstep.any, lockstep.any })[3]
    replies = replies + 1
    if granted then
      votes = votes + 1
    end
  end
  lockstep.send(parent, { name, votes >= majority and "leader" or "candidate", term })
end

lockstep.scenario("Raft election, votes counted", function()
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
