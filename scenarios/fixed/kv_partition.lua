-- The repair of bugs/kv_partition.lua: every operation asks a majority, and a read writes back what it found.
-- Source: Attiya, Bar-Noy and Dolev, "Sharing memory robustly in message-passing systems" (1995)
-- Class: stale read (replication under a partition)
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local history = require "lockstep.history"
local checker = require "lockstep.checker"

local NODES = { "a", "b", "c" }

-- On each node: keeps the value with the highest stamp.
local function replica(parent)
  local own = { 0 }
  lockstep.register("kv", lockstep.self())
  lockstep.send(parent, "ready")
  while true do
    local request, from, ref, new = table.unpack(lockstep.recv())
    if request == "put" and new[1] > own[1] then
      own = new
    end
    lockstep.send(from, { ref, own })
  end
end

-- Asks all replicas and waits for two of the three; the newest of their answers, {stamp, value}.
local function ask(request, new)
  local ref = lockstep.make_ref()
  for _, node in ipairs(NODES) do
    lockstep.send({ "kv", node }, { request, lockstep.self(), ref, new })
  end
  local best = { 0 }
  for _ = 1, 2 do
    local answer = lockstep.recv_first({ ref, lockstep.any })[2]
    if answer[1] > best[1] then
      best = answer
    end
  end
  return best
end

-- There is one writer, who numbers what it writes.
local function put(value) ask("put", { 1, value }) end

-- What is read is written back first, so that no later read can find less.
local function get()
  local newest = ask("get")
  if newest[1] > 0 then
    ask("put", newest)
  end
  return newest[2]
end

local function writer(h, parent)
  history.op(h, "put", "1", function() put("1") end, "x")
  lockstep.send(parent, "done")
end
local function reader(h, parent)
  history.op(h, "get", nil, get, "x")
  lockstep.send(parent, "done")
end

lockstep.scenario("a replicated store under a partition, repaired", function()
  local h, me = history.start(), lockstep.self()
  cluster.start_nodes(NODES)
  for _, node in ipairs(NODES) do
    cluster.spawn(node, replica, me)
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
