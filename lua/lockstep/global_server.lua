-- The server behind lockstep.global, one on each node, and what it does when nodes meet.
--
-- 1. `known` is the nodes whose names have been merged with ours. It grows only while the cluster's lock is held here.
-- 2. Who changes names holds the lock on its own node and on all that it knows, taken in the order of the nodes' names, and
--    looks again once it has it: so a registration and the merging of two tables never overlap.
-- 3. When two nodes meet, a process on the smaller one locks both and all that they know, settles conflicts once, and tells
--    the result to all of them.
-- 4. Nodes that start meet one after the other, and the locks are given back by calls as del_lock does: what happens before
--    a program's own first step is one schedule, not thousands that a proof would have to go through.
local lockstep = require "lockstep"
local gen_server = require "lockstep.gen_server"
local gen = require "lockstep.gen"
local ets = require "lockstep.ets"

local M = { SERVER = "global_name_server", TABLE = "global_names" }
local SERVER, TABLE = M.SERVER, M.TABLE
local CLUSTER = { "lockstep.global" }  -- the resource that registrations and merges lock

-- The node that the root runs on observes; it is no part of the cluster.
local function in_cluster() return lockstep.cluster ~= nil and lockstep.node() ~= "nonode@nohost" end

local function contains(list, x)
  for _, y in ipairs(list) do
    if y == x then return true end
  end
  return false
end
local function union(...)
  local all = {}
  for _, list in ipairs { ... } do
    for _, x in ipairs(list) do
      if not contains(all, x) then all[#all + 1] = x end
    end
  end
  table.sort(all)
  return all
end

-- ---- asking servers ----

-- "silent": it says hello to nobody, as boot lets it meet the others.
function M.ensure(how)
  local pid = lockstep.whereis(SERVER)
  if pid then return pid end
  local started, why = gen_server.start(SERVER, M.server, how)
  return started or why[2]  -- somebody else was faster
end
function M.ask(...) return gen_server.call(M.ensure(), { ... }, "infinity") end
-- Asks the server of another node; nil if it cannot be reached.
function M.ask_at(node, ...)
  if node == lockstep.node() then return M.ask(...) end
  local ok, answer = pcall(gen_server.call, { SERVER, node }, { ... }, "infinity")
  if ok then return answer end
end
local function post(node, ...)
  if node == lockstep.node() then
    gen_server.cast(M.ensure(), { ... })
  else
    lockstep.send({ SERVER, node }, { "$gen_cast", { ... } })
  end
end

-- Locks all the nodes for the caller. What each answered, by node: {known =, names =}.
function M.lock(nodes)
  local answers = {}
  for _, node in ipairs(nodes) do answers[node] = M.ask_at(node, "lock", CLUSTER, lockstep.self(), lockstep.self()) end
  return answers
end
function M.unlock(nodes)
  for _, node in ipairs(nodes) do M.ask_at(node, "del_lock", CLUSTER, lockstep.self(), lockstep.self()) end
end

-- Runs fn(nodes) while this node and all that it knows are locked.
function M.exclusively(known, fn)
  while true do
    local nodes = union({ lockstep.node() }, known)
    local here = M.lock(nodes)[lockstep.node()]
    local missed = false
    for _, node in ipairs(here.known) do missed = missed or not contains(nodes, node) end
    if not missed then
      local answer = fn(nodes)
      M.unlock(nodes)
      return answer
    end
    M.unlock(nodes)  -- it has met another meanwhile
    known = here.known
  end
end

-- ---- meeting: `here` is the smaller of the two nodes ----

-- Who has the name from now on: a pid, or "none". As OTP calls it: the other node's pid first, then ours.
local function resolve(name, theirs, mine)
  local function run() return mine[3](name, theirs[2], mine[2]) end
  local ok, winner
  if lockstep.node(mine[2]) == lockstep.node() then
    ok, winner = pcall(run)
  else
    ok, winner = pcall(lockstep.cluster.run, lockstep.node(mine[2]), run)
  end
  if ok and (winner == mine[2] or winner == theirs[2]) then return winner end
  return "none"
end

local function by_name(list, name)
  for _, entry in ipairs(list) do
    if gen.same(entry[1], name) then return entry end
  end
end

local function meet(other)
  local here = lockstep.node()
  local nodes = { here, other }
  local answers
  while true do
    answers = M.lock(nodes)
    local mine, theirs = answers[here], answers[other]
    if not theirs or contains(mine.known, other) then return M.unlock(nodes) end
    local all = union(nodes, mine.known, theirs.known)
    if #all == #nodes then break end
    M.unlock(nodes)
    nodes = all
  end
  local names = {}
  for _, theirs in ipairs(answers[other].names) do
    local mine = by_name(answers[here].names, theirs[1])
    if not mine or mine[2] == theirs[2] then
      names[#names + 1] = theirs
    else
      names[#names + 1] = { theirs[1], resolve(theirs[1], theirs, mine), mine[3] }
    end
  end
  for _, mine in ipairs(answers[here].names) do
    if not by_name(names, mine[1]) then names[#names + 1] = mine end
  end
  for _, node in ipairs(nodes) do post(node, "merged", names, nodes) end
  M.unlock(nodes)
end

-- ---- the server ----

-- S: names {{name, pid, ref, resolver} ...}, locks {{resource, requester, {{pid, ref} ...}} ...}, waiting {{from, resource,
-- requester, pid} ...} for a lock, known {node ...}, expecting {{from, nodes} ...}: who waits until they are known.

local server = {}
M.server = server

function server.init(how)
  lockstep.flag("trap_exit", true)
  ets.new(TABLE, { "set", "protected", "named_table" })
  if in_cluster() then
    lockstep.cluster.monitor_nodes(true)
    if how ~= "silent" then
      for _, node in ipairs(lockstep.nodes()) do lockstep.send({ SERVER, node }, { "hello", lockstep.node() }) end
    end
  end
  return "ok", { names = {}, locks = {}, waiting = {}, known = {}, expecting = {} }
end

local function find(S, name)
  for i, n in ipairs(S.names) do
    if gen.same(n[1], name) then return n, i end
  end
end
local function drop(S, i)
  local n = S.names[i]
  lockstep.demonitor(n[3], { flush = true })
  ets.delete(TABLE, n[1])
  table.remove(S.names, i)
end
local function settle(S, name, pid, resolver)
  local current, i = find(S, name)
  if current and current[2] == pid then return end
  if i then drop(S, i) end
  if not lockstep.is_pid(pid) then return end
  ets.insert(TABLE, { name, pid })
  S.names[#S.names + 1] = { name, pid, lockstep.monitor(pid), resolver }
end

local calls = {}
function calls.known(S) return S.known end
function calls.register(S, name, pid, resolver)
  if find(S, name) then return "no" end
  for _, n in ipairs(S.names) do
    if n[2] == pid then return "no" end
  end
  settle(S, name, pid, resolver)
  return "yes"
end
function calls.re_register(S, name, pid, resolver)
  settle(S, name, pid, resolver)
  return "yes"
end
function calls.unregister(S, name)
  settle(S, name, "none")
  return "ok"
end
-- For a node that knows no other: what was asked at once, if nobody holds the lock. Else the nodes to lock.
function calls.alone(S, what, ...)
  if #S.known > 0 then return { "lock", S.known } end
  for _, l in ipairs(S.locks) do
    if gen.same(l[1], CLUSTER) then return { "lock", S.known } end
  end
  return { "done", calls[what](S, ...) }
end

function calls.set_lock(S, resource, requester, pid)
  local lock
  for _, l in ipairs(S.locks) do
    if gen.same(l[1], resource) then lock = l end
  end
  if lock and not gen.same(lock[2], requester) then return false end
  if not lock then
    lock = { resource, requester, {} }
    S.locks[#S.locks + 1] = lock
  end
  table.insert(lock[3], { pid, lockstep.monitor(pid) })
  return true
end
function calls.del_lock(S, resource, requester, pid)
  for i, lock in ipairs(S.locks) do
    if gen.same(lock[1], resource) and gen.same(lock[2], requester) then
      for k, holder in ipairs(lock[3]) do
        if holder[1] == pid then
          lockstep.demonitor(holder[2], { flush = true })
          table.remove(lock[3], k)
          break
        end
      end
      if #lock[3] == 0 then table.remove(S.locks, i) end
      return true
    end
  end
  return true
end

-- Locks that have become free, to those who wait for them.
local function grant(S)
  for i, w in ipairs(S.waiting) do
    if calls.set_lock(S, w[2], w[3], w[4]) then
      table.remove(S.waiting, i)
      local names = {}
      for k, n in ipairs(S.names) do names[k] = { n[1], n[2], n[4] } end
      gen_server.reply(w[1], { known = S.known, names = names })
      return grant(S)
    end
  end
end

local function all_known(S, nodes)
  for _, node in ipairs(nodes) do
    if node ~= lockstep.node() and not contains(S.known, node) then return false end
  end
  return true
end
local function remove(list, x)
  for i, y in ipairs(list) do
    if x == y then
      table.remove(list, i)
      return
    end
  end
end
local function answer_expecting(S)
  for i = #S.expecting, 1, -1 do
    if all_known(S, S.expecting[i][2]) then
      gen_server.reply(S.expecting[i][1], "ok")
      table.remove(S.expecting, i)
    end
  end
end

function server.handle_call(request, from, S)
  local what = request[1]
  if what == "lock" then
    S.waiting[#S.waiting + 1] = { from, table.unpack(request, 2) }
    grant(S)
    return "noreply", S
  elseif what == "expect" and not all_known(S, request[2]) then
    S.expecting[#S.expecting + 1] = { from, request[2] }
    return "noreply", S
  elseif what == "expect" then
    return "reply", "ok", S
  end
  local answer = calls[what](S, table.unpack(request, 2))
  if what == "del_lock" then grant(S) end
  return "reply", answer, S
end

local function merged(S, names, nodes)
  for _, n in ipairs(names) do settle(S, n[1], n[2], n[3]) end
  for _, node in ipairs(lockstep.nodes()) do
    if contains(nodes, node) and not contains(S.known, node) then S.known[#S.known + 1] = node end
  end
  answer_expecting(S)
end

function server.handle_cast(request, S)
  if request[1] == "merged" then
    merged(S, request[2], request[3])
  else
    calls[request[1]](S, table.unpack(request, 2))
    grant(S)
  end
  return "noreply", S
end

local function ended(S, ref)
  for i = #S.names, 1, -1 do
    if S.names[i][3] == ref then drop(S, i) end
  end
  for i = #S.locks, 1, -1 do
    local holders = S.locks[i][3]
    for k = #holders, 1, -1 do
      if holders[k][2] == ref then table.remove(holders, k) end
    end
    if #holders == 0 then table.remove(S.locks, i) end
  end
  grant(S)
end

function server.handle_info(m, S)
  if type(m) ~= "table" then return "noreply", S end
  if m[1] == "DOWN" then
    ended(S, m[2])
  elseif m[1] == "hello" or m[1] == "nodeup" then
    if lockstep.node() < m[2] then
      lockstep.spawn(meet, m[2])
    elseif m[1] == "hello" then
      lockstep.send({ SERVER, m[2] }, { "hello", lockstep.node() })
    end
  elseif m[1] == "nodedown" then
    remove(S.known, m[2])
    for _, e in ipairs(S.expecting) do remove(e[2], m[2]) end
    answer_expecting(S)
  end
  return "noreply", S
end

-- ---- with the nodes ----

local function there(node, fn, ...)
  local _, ref = lockstep.cluster.spawn_monitor(node, fn, ...)
  lockstep.recv_first({ "DOWN", ref, lockstep.any, lockstep.any, lockstep.any })
end
-- Starts the servers of nodes that were just started, and lets each meet all that are up; returns when their names have been
-- merged.
function M.boot(nodes)
  for _, node in ipairs(nodes) do there(node, M.ensure, "silent") end
  local up = union(lockstep.cluster.nodes_up())
  for i, node in ipairs(up) do
    for k = i + 1, #up do
      if contains(nodes, node) or contains(nodes, up[k]) then there(node, meet, up[k]) end
    end
  end
end

return M
