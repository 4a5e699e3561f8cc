-- The repair of bugs/kv_partition.lua: every operation asks a majority, and a read writes back what it found.
-- Source: Attiya, Bar-Noy and Dolev, "Sharing memory robustly in message-passing systems" (1995)
-- Class: stale read (replication under a partition)
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local history = require "lockstep.history"
local checker = require "lockstep.checker"

local NODES = { "a", "b", "c" }

-- On each node: keeps the value with the highest stamp, {number, writer}.
local function replica()
  local data = {}
  while true do
    local request, from, ref, key, stamp, value = table.unpack(lockstep.recv())
    local own = data[key] or { { 0, "" } }
    local newer = request == "put" and (stamp[1] > own[1][1] or stamp[1] == own[1][1] and stamp[2] > own[1][2])
    if newer then
      own = { stamp, value }
      data[key] = own
    end
    lockstep.send(from, { ref, own })
  end
end

-- Asks all replicas and waits for two of the three; the newest of their answers, {stamp, value}.
local function ask(request, key, stamp, value)
  local ref = lockstep.make_ref()
  for _, node in ipairs(NODES) do
    lockstep.send({ "kv", node }, { request, lockstep.self(), ref, key, stamp, value })
  end
  local best
  for _ = 1, 2 do
    local answer = lockstep.recv_first({ ref, lockstep.any })[2]
    local s, b = answer[1], best and best[1]
    if not best or s[1] > b[1] or s[1] == b[1] and s[2] > b[2] then
      best = answer
    end
  end
  return best
end

local function put(key, value)
  local newest = ask("get", key)
  ask("put", key, { newest[1][1] + 1, lockstep.node() }, value)
end

-- What is read is written back first, so that no later read can find less.
local function get(key)
  local newest = ask("get", key)
  if newest[2] ~= nil then
    ask("put", key, newest[1], newest[2])
  end
  return newest[2]
end

local function client(h, parent, value)
  history.op(h, "put", value, function() put("x", value) end, "x")
  history.op(h, "get", nil, function() return get("x") end, "x")
  lockstep.send(parent, "done")
end

lockstep.scenario("a replicated store under a partition, repaired", function()
  local h, me = history.start(), lockstep.self()
  cluster.start_nodes(NODES)
  for _, node in ipairs(NODES) do
    cluster.run(node, function() lockstep.register("kv", lockstep.spawn(replica)) end)
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
