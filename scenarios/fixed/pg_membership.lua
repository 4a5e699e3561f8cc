-- The publisher does not take a report for the membership: it monitors the group, and goes on when it has a member.
-- Source: OTP, pg: membership is eventually consistent between nodes; pg:monitor/1
-- Class: stale read (group membership)
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local pg = require "lockstep.pg"

local function subscribe(publisher, parent)
  pg.join("topic", lockstep.self())
  lockstep.send(publisher, "ready")
  lockstep.send(parent, lockstep.recv())
end

local function publish()
  local ref, members = pg.monitor("topic")
  lockstep.recv_first("ready")
  if #members == 0 then
    members = lockstep.recv_first({ ref, "join", "topic", lockstep.any })[4]
  end
  for _, member in ipairs(members) do
    lockstep.send(member, "event")
  end
end

lockstep.scenario("publish to a monitored group", function()
  cluster.start_nodes({ "a", "b" })
  cluster.run("a", pg.start)
  cluster.run("b", pg.start)
  local publisher = cluster.spawn("a", publish)
  cluster.spawn("b", subscribe, publisher, lockstep.self())
  assert(lockstep.recv() == "event")
end)
