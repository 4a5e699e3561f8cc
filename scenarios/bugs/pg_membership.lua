-- A subscriber joins a group on its node and reports that it is ready. A publisher on another node then reads the group
-- and sends to its members. The report and the news of the membership come from two processes: the report may be first,
-- the publisher sees an empty group, and the event goes to nobody.
-- Source: OTP, pg: membership is eventually consistent between nodes
-- Class: stale read (group membership)
-- Found by: pos within 100 iterations
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local pg = require "lockstep.pg"

local function subscribe(publisher, parent)
  pg.join("topic", lockstep.self())
  lockstep.send(publisher, "ready")
  lockstep.send(parent, lockstep.recv())
end

local function publish()
  lockstep.recv_first("ready")
  for _, member in ipairs(pg.get_members("topic")) do
    lockstep.send(member, "event")
  end
end

lockstep.scenario("publish to a group", function()
  cluster.start_nodes({ "a", "b" })
  cluster.run("a", pg.start)
  cluster.run("b", pg.start)
  local publisher = cluster.spawn("a", publish)
  cluster.spawn("b", subscribe, publisher, lockstep.self())
  assert(lockstep.recv() == "event")
end)
