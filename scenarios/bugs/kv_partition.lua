-- A store with a copy on each of three nodes: a node answers from its own copy and tells the others afterwards. Cut off, it
-- goes on answering, so what was written elsewhere is not seen, nor is the order of two writes the same everywhere.
-- Class: stale read (replication under a partition)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local history = require "lockstep.history"
local checker = require "lockstep.checker"

local NODES = { "a", "b", "c" }

-- On each node: keeps its own copy, answers from it, and tells the others afterwards.
local function replica(others)
  local data = {}
  while true do
    local request, from, ref, key, value = table.unpack(lockstep.recv())
    if request == "replicate" then
      data[key] = value
    elseif request == "put" then
      data[key] = value
      for _, node in ipairs(others) do
        lockstep.send({ "kv", node }, { "replicate", false, false, key, value })
      end
      lockstep.send(from, { ref })
    else
      lockstep.send(from, { ref, data[key] })
    end
  end
end

-- Asks the replica on the node.
local function ask(request, key, value)
  local ref = lockstep.make_ref()
  lockstep.send("kv", { request, lockstep.self(), ref, key, value })
  return lockstep.recv_first({ lockstep.one_of, { ref }, { ref, lockstep.any } })[2]
end

local function put(key, value) ask("put", key, value) end
local function get(key) return ask("get", key) end

local function client(h, parent, value)
  history.op(h, "put", value, function() put("x", value) end, "x")
  history.op(h, "get", nil, function() return get("x") end, "x")
  lockstep.send(parent, "done")
end

lockstep.scenario("a replicated store under a partition", function()
  local h, me = history.start(), lockstep.self()
  cluster.start_nodes(NODES)
  for i, node in ipairs(NODES) do
    local others = { NODES[i % 3 + 1], NODES[(i + 1) % 3 + 1] }
    cluster.run(node, function() lockstep.register("kv", lockstep.spawn(replica, others)) end)
  end
  if lockstep.choose({ "split", "whole" }) == "split" then
    cluster.partition("a", { "b", "c" }, { mode = "defer" })
  end
  cluster.spawn("a", client, h, me, "1")
  cluster.spawn("b", client, h, me, "2")
  lockstep.recv()
  cluster.heal()
  lockstep.recv()
  checker.linearizable(h, "kv")
end)
