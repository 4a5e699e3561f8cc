-- pg: process groups. A scope is a server on each node; its table is read by everybody.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local gen_server = require "lockstep.gen_server"
local ets = require "lockstep.ets"

local pg = {}

-- The table `scope`: {group, members}. S: scope, members {{pid, ref, groups} ...} of this node, watchers {{ref, pid, group or
-- nil} ...}, peers {{pid, ref, {{group, pid} ...}} ...}: the servers of the scope on other nodes and what they have.

local server = {}
function server.init(scope)
  ets.new(scope, { "set", "protected", "named_table" })
  if lockstep.cluster then
    lockstep.cluster.monitor_nodes(true)
    for _, node in ipairs(lockstep.nodes()) do lockstep.send({ scope, node }, { "discover", lockstep.self() }) end
  end
  return "ok", { scope = scope, members = {}, watchers = {}, peers = {} }
end

local function tell(S, what, group, pids)
  for _, peer in ipairs(S.peers) do lockstep.send(peer[1], { what, lockstep.self(), group, pids }) end
end

local function notify(S, what, group, pids)
  for _, w in ipairs(S.watchers) do
    if w[3] == nil or gen.same(w[3][1], group) then lockstep.send(w[2], { w[1], what, group, pids }) end
  end
end
local function members(scope, group)
  local found = ets.lookup(scope, group)[1]
  return found and found[2] or {}
end
local function store(S, group, list)
  if #list == 0 then ets.delete(S.scope, group) else ets.insert(S.scope, { group, list }) end
end
local function member(S, pid)
  for i, m in ipairs(S.members) do
    if m[1] == pid then return m, i end
  end
end

local calls = {}
function calls.join(S, group, pids)
  local list = members(S.scope, group)
  for _, pid in ipairs(pids) do
    local m = member(S, pid)
    if not m then
      m = { pid, lockstep.monitor(pid), {} }
      S.members[#S.members + 1] = m
    end
    m[3][#m[3] + 1] = { group }
    list[#list + 1] = pid
  end
  store(S, group, list)
  notify(S, "join", group, pids)
  tell(S, "join", group, pids)
  return "ok"
end

-- Takes one occurrence of pid out of the group; false if it is not in it.
local function take(S, group, list, pid)
  local m, at = member(S, pid)
  if not m then return false end
  for i, g in ipairs(m[3]) do
    if gen.same(g[1], group) then
      table.remove(m[3], i)
      for k, p in ipairs(list) do
        if p == pid then
          table.remove(list, k)
          break
        end
      end
      if #m[3] == 0 then
        lockstep.demonitor(m[2], { flush = true })
        table.remove(S.members, at)
      end
      return true
    end
  end
  return false
end
function calls.leave(S, group, pids)
  local list, left = members(S.scope, group), false
  for _, pid in ipairs(pids) do left = take(S, group, list, pid) or left end
  if not left then return "not_joined" end
  store(S, group, list)
  -- The list that was given, as OTP tells it: also who was not a member, or not so often.
  notify(S, "leave", group, pids)
  tell(S, "leave", group, pids)
  return "ok"
end
function calls.monitor(S, pid, group)
  local ref = lockstep.monitor(pid)
  S.watchers[#S.watchers + 1] = { ref, pid, group }
  if group then return { ref, members(S.scope, group[1]) } end
  local all = {}
  for _, object in ipairs(ets.tab2list(S.scope)) do all[#all + 1] = object end
  return { ref, all }
end
function calls.demonitor(S, ref)
  for i, w in ipairs(S.watchers) do
    if w[1] == ref then
      lockstep.demonitor(ref, { flush = true })
      table.remove(S.watchers, i)
      return "ok"
    end
  end
  return false
end

-- ---- other nodes ----

local function peer_of(S, pid)
  for i, peer in ipairs(S.peers) do
    if peer[1] == pid then return peer, i end
  end
end
local function remote_join(S, peer, group, pids)
  local list = members(S.scope, group)
  for _, pid in ipairs(pids) do
    peer[3][#peer[3] + 1] = { group, pid }
    list[#list + 1] = pid
  end
  store(S, group, list)
  notify(S, "join", group, pids)
end
local function remote_leave(S, peer, group, pids)
  local list = members(S.scope, group)
  for _, pid in ipairs(pids) do
    for i, have in ipairs(peer[3]) do
      if have[2] == pid and gen.same(have[1], group) then
        table.remove(peer[3], i)
        break
      end
    end
    for k, p in ipairs(list) do
      if p == pid then
        table.remove(list, k)
        break
      end
    end
  end
  store(S, group, list)
  notify(S, "leave", group, pids)
end
local function remote_gone(S, peer)
  while peer[3][1] do remote_leave(S, peer, peer[3][1][1], { peer[3][1][2] }) end
end
-- What is in `a` and not in `b`, both {{group, pid} ...}, each as often as it is there more.
local function missing(a, b)
  local rest = table.move(b, 1, #b, 1, {})
  local out = {}
  for _, x in ipairs(a) do
    local found
    for i, y in ipairs(rest) do
      if x[2] == y[2] and gen.same(x[1], y[1]) then found = i end
    end
    if found then table.remove(rest, found) else out[#out + 1] = x end
  end
  return out
end
-- All that a peer has: only what differs is touched, so that readers do not see members vanish for a moment.
local function remote_sync(S, peer, groups)
  for _, g in ipairs(missing(peer[3], groups)) do remote_leave(S, peer, g[1], { g[2] }) end
  for _, g in ipairs(missing(groups, peer[3])) do remote_join(S, peer, g[1], { g[2] }) end
end

-- True if the message was one of the servers' own.
local function from_peer(S, m)
  local kind = m[1]
  if kind == "nodeup" then
    lockstep.send({ S.scope, m[2] }, { "discover", lockstep.self() })
  elseif kind == "discover" then
    if not peer_of(S, m[2]) then
      S.peers[#S.peers + 1] = { m[2], lockstep.monitor(m[2]), {} }
      lockstep.send(m[2], { "discover", lockstep.self() })
    end
    local groups = {}
    for _, own in ipairs(S.members) do
      for _, g in ipairs(own[3]) do groups[#groups + 1] = { g[1], own[1] } end
    end
    lockstep.send(m[2], { "sync", lockstep.self(), groups })
  elseif kind == "sync" then
    local peer = peer_of(S, m[2])
    if peer then remote_sync(S, peer, m[3]) end
  elseif (kind == "join" or kind == "leave") and #m == 4 then
    local peer = peer_of(S, m[2])
    if peer then (kind == "join" and remote_join or remote_leave)(S, peer, m[3], m[4]) end
  elseif kind == "DOWN" then
    local peer, i = peer_of(S, m[4])
    if not peer or peer[2] ~= m[2] then return false end
    table.remove(S.peers, i)
    remote_gone(S, peer)
  else
    return false
  end
  return true
end

function server.handle_call(request, _, S) return "reply", calls[request[1]](S, table.unpack(request, 2)), S end
function server.handle_cast(_, S) return "noreply", S end
function server.handle_info(m, S)
  if type(m) ~= "table" or from_peer(S, m) or m[1] ~= "DOWN" then return "noreply", S end
  for i, w in ipairs(S.watchers) do
    if w[1] == m[2] then
      table.remove(S.watchers, i)
      return "noreply", S
    end
  end
  local gone, at = member(S, m[4])
  if gone then
    table.remove(S.members, at)
    for _, g in ipairs(gone[3]) do
      local list = members(S.scope, g[1])
      for k, p in ipairs(list) do
        if p == m[4] then
          table.remove(list, k)
          break
        end
      end
      store(S, g[1], list)
      notify(S, "leave", g[1], { m[4] })
      tell(S, "leave", g[1], { m[4] })
    end
  end
  return "noreply", S
end

-- ---- the interface: a scope may be left out, it is "pg" then ----

local function check_scope(scope, what)
  if type(scope) ~= "string" then gen.misuse(what, 1, "a scope, which is a string,", scope) end
  return scope
end
function pg.start_link(scope)
  scope = check_scope(scope == nil and "pg" or scope, "start_link")
  return gen_server.start_link(scope, server, scope)
end
function pg.start(scope)
  scope = check_scope(scope == nil and "pg" or scope, "start")
  return gen_server.start(scope, server, scope)
end

local function ask(scope, ...) return gen_server.call(scope, { ... }, "infinity") end

local function pids_of(x, what)
  local list = lockstep.is_pid(x) and { x } or x
  if type(list) ~= "table" then gen.misuse(what, 3, "a pid or a list of pids", x) end
  for _, pid in ipairs(list) do
    if not lockstep.is_pid(pid) then gen.misuse(what, 3, "a pid or a list of pids", pid) end
    if lockstep.node(pid) ~= lockstep.node() then lockstep.error({ "nolocal", pid }) end
  end
  return list
end
-- join([scope,] group, pid or list): "ok"
function pg.join(scope, group, pids)
  if pids == nil then scope, group, pids = "pg", scope, group end
  return ask(check_scope(scope, "join"), "join", group, pids_of(pids, "join"))
end
-- leave([scope,] group, pid or list): "ok" or "not_joined"
function pg.leave(scope, group, pids)
  if pids == nil then scope, group, pids = "pg", scope, group end
  return ask(check_scope(scope, "leave"), "leave", group, pids_of(pids, "leave"))
end

local function read(scope, group)
  if group == nil then scope, group = "pg", scope end
  local ok, found = pcall(ets.lookup, scope, group)
  return ok and found[1] and found[1][2] or {}
end
function pg.get_members(scope, group) return read(scope, group) end
function pg.get_local_members(scope, group)
  local list = {}
  for _, pid in ipairs(read(scope, group)) do
    if lockstep.node(pid) == lockstep.node() then list[#list + 1] = pid end
  end
  return list
end
function pg.which_groups(scope)
  local ok, objects = pcall(ets.tab2list, scope == nil and "pg" or scope)
  local groups = {}
  for i, object in ipairs(ok and objects or {}) do groups[i] = object[1] end
  return groups
end

-- monitor([scope,] group): a reference and the members; then messages {ref, "join" or "leave", group, pids}.
function pg.monitor(scope, group)
  if group == nil then scope, group = "pg", scope end
  local answer = ask(scope, "monitor", lockstep.self(), { group })
  return answer[1], answer[2]
end
-- monitor_scope([scope]): a reference and {{group, members} ...}
function pg.monitor_scope(scope)
  local answer = ask(scope == nil and "pg" or scope, "monitor", lockstep.self())
  return answer[1], answer[2]
end
function pg.demonitor(scope, ref)
  if ref == nil then scope, ref = "pg", scope end
  local answer = ask(scope, "demonitor", ref)
  while lockstep.recv_first({ ref, lockstep.any, lockstep.any, lockstep.any }, 0) do end
  return answer
end

return pg
