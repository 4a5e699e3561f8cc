-- A store with a copy on each of three nodes: a node answers from its own copy and tells the others afterwards. Cut off, it
-- goes on answering, so what was written elsewhere is not seen.
-- Class: stale read (replication under a partition)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local history = require "lockstep.history"
local checker = require "lockstep.checker"

local NODES = { "a", "b", "c" }

-- On each node: keeps its own copy, answers from it, and tells the others afterwards.
local function replica(parent, others)
  local value
  lockstep.register("kv", lockstep.self())
  lockstep.send(parent, "ready")
  while true do
    local request, from, ref, new = table.unpack(lockstep.recv())
    if request == "replicate" then
      value = new
    elseif request == "put" then
      value = new
      for _, node in ipairs(others) do
        lockstep.send({ "kv", node }, { "replicate", false, false, new })
      end
      lockstep.send(from, { ref })
    else
      lockstep.send(from, { ref, value })
    end
  end
end

-- Asks the replica on the node.
local function ask(request, value)
  local ref = lockstep.make_ref()
  lockstep.send("kv", { request, lockstep.self(), ref, value })
  return lockstep.recv_first({ lockstep.one_of, { ref }, { ref, lockstep.any } })[2]
end

local function put(value) ask("put", value) end
local function get() return ask("get") end

local function writer(h, parent)
  history.op(h, "put", "1", function() put("1") end, "x")
  lockstep.send(parent, "done")
end
local function reader(h, parent)
  history.op(h, "get", nil, get, "x")
  lockstep.send(parent, "done")
end

lockstep.scenario("a replicated store under a partition", function()
  local h, me = history.start(), lockstep.self()
  cluster.start_nodes(NODES)
  for i, node in ipairs(NODES) do
    cluster.spawn(node, replica, me, { NODES[i % 3 + 1], NODES[(i + 1) % 3 + 1] })
    lockstep.recv()
  end
  if lockstep.choose({ "split", "whole" }) == "split" then
    cluster.partition("a", { "b", "c" }, { mode = "defer" })
  end
  cluster.spawn("a", writer, h, me)
  cluster.spawn("b", reader, h, me)
  lockstep.recv()
  cluster.heal()
  lockstep.recv()
  checker.linearizable(h, "kv")
end)
