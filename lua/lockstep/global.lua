-- global: names that the whole cluster agrees on, and locks.
--
-- 1. Each node has a server, started when first needed; whereis_name is a look into its table.
-- 2. A registration holds a lock on every connected node, taken in the order of their names.
-- 3. When nodes meet again their servers exchange names; of a conflict the one on the smaller node runs the resolver.
local lockstep = require "lockstep"
local gen_server = require "lockstep.gen_server"
local ets = require "lockstep.ets"

local global = {}

local SERVER, TABLE = "global_name_server", "global_names"

-- ---- resolvers: which of two processes keeps a name after a partition has healed ----

function global.random_exit_name(_, p1, p2)
  lockstep.exit(p2, "kill")
  return p1
end
function global.random_notify_name(name, p1, p2)
  lockstep.send(p2, { "global_name_conflict", name })
  return p1
end
function global.notify_all_name(name, p1, p2)
  lockstep.send(p1, { "global_name_conflict", name, p2 })
  lockstep.send(p2, { "global_name_conflict", name, p1 })
  return "none"
end

-- ---- the server. S: names {{name, pid, ref, resolve} ...}, locks {{resource, requester, {{pid, ref} ...}} ...}, ----
-- ---- waiting {{from, resource, requester, pid} ...} for a lock                                               ----

local server = {}

-- The connected nodes; without a cluster in the scenario nobody needs to be asked.
local function peers() return lockstep.cluster and lockstep.nodes() or {} end

function server.init()
  lockstep.flag("trap_exit", true)
  ets.new(TABLE, { "set", "protected", "named_table" })
  if lockstep.cluster then
    lockstep.cluster.monitor_nodes(true)
    for _, node in ipairs(peers()) do lockstep.send({ SERVER, node }, { "hello", lockstep.self() }) end
  end
  return "ok", { names = {}, locks = {}, waiting = {} }
end

local function find(S, name)
  local digest = ets.lookup(TABLE, name)[1]
  if not digest then return end
  for i, n in ipairs(S.names) do
    if n[2] == digest[2] then return n, i end
  end
end
local function drop(S, i)
  local n = S.names[i]
  lockstep.demonitor(n[3], { flush = true })
  ets.delete(TABLE, n[1])
  table.remove(S.names, i)
end
local function add(S, name, pid, resolve)
  ets.insert(TABLE, { name, pid })
  S.names[#S.names + 1] = { name, pid, lockstep.monitor(pid), resolve }
end

local calls = {}
function calls.ping() return true end
function calls.register(S, name, pid, resolve)
  if find(S, name) then return "no" end
  for _, n in ipairs(S.names) do
    if n[2] == pid then return "no" end
  end
  add(S, name, pid, resolve)
  return "yes"
end
function calls.re_register(S, name, pid, resolve)
  local _, i = find(S, name)
  if i then drop(S, i) end
  add(S, name, pid, resolve)
  return "yes"
end
function calls.unregister(S, name)
  local _, i = find(S, name)
  if i then drop(S, i) end
  return "ok"
end
local function lock_of(S, resource)
  for i, l in ipairs(S.locks) do
    if l[1] == resource then return l, i end
  end
end
function calls.set_lock(S, resource, requester, pid)
  local lock = lock_of(S, resource)
  if lock and lock[2] ~= requester then return false end
  if not lock then
    lock = { resource, requester, {} }
    S.locks[#S.locks + 1] = lock
  end
  table.insert(lock[3], { pid, lockstep.monitor(pid) })
  return true
end
function calls.del_lock(S, resource, requester, pid)
  local lock, i = lock_of(S, resource)
  if lock and lock[2] == requester then
    for k, holder in ipairs(lock[3]) do
      if holder[1] == pid then
        lockstep.demonitor(holder[2], { flush = true })
        table.remove(lock[3], k)
        break
      end
    end
    if #lock[3] == 0 then table.remove(S.locks, i) end
  end
  return true
end

-- Locks that have become free, to those who wait for them.
local function grant(S)
  for i = 1, #S.waiting do
    local w = S.waiting[i]
    if w and calls.set_lock(S, w[2], w[3], w[4]) then
      gen_server.reply(w[1], true)
      table.remove(S.waiting, i)
      return grant(S)
    end
  end
end

function server.handle_call(request, from, S)
  if request[1] == "wait_lock" then
    S.waiting[#S.waiting + 1] = { from, table.unpack(request, 2) }
    grant(S)
    return "noreply", S
  end
  local answer = calls[request[1]](S, table.unpack(request, 2))
  if request[1] == "del_lock" then grant(S) end
  return "reply", answer, S
end
function server.handle_cast(_, S) return "noreply", S end

local function own_names(S)
  local list = {}
  for _, n in ipairs(S.names) do
    if lockstep.node(n[2]) == lockstep.node() then list[#list + 1] = { n[1], n[2], n[4] } end
  end
  return { "names", lockstep.node(), list }
end
local function settle(S, name, pid, resolve)
  local current, i = find(S, name)
  if current and current[2] == pid then return end
  if i then drop(S, i) end
  if lockstep.is_pid(pid) then add(S, name, pid, resolve) end
end
local function merge(S, node, list)
  for _, theirs in ipairs(list) do
    local name, pid, resolve = table.unpack(theirs)
    local mine = find(S, name)
    if not mine then
      add(S, name, pid, resolve)
    elseif mine[2] ~= pid and lockstep.node() < node then
      local ok, winner = pcall(mine[4], name, mine[2], pid)
      if not ok or winner ~= mine[2] and winner ~= pid then winner = "none" end
      settle(S, name, winner, mine[4])
      lockstep.send({ SERVER, node }, { "resolved", name, winner, mine[4] })
    end
  end
end

function server.handle_info(m, S)
  if type(m) ~= "table" then return "noreply", S end
  if m[1] == "nodeup" then
    lockstep.send({ SERVER, m[2] }, own_names(S))
  elseif m[1] == "hello" then
    lockstep.send(m[2], own_names(S))
  elseif m[1] == "names" then
    merge(S, m[2], m[3])
  elseif m[1] == "resolved" then
    settle(S, m[2], m[3], m[4])
  elseif m[1] == "DOWN" then
    for i = #S.names, 1, -1 do
      if S.names[i][3] == m[2] then drop(S, i) end
    end
    for i = #S.locks, 1, -1 do
      local holders = S.locks[i][3]
      for k = #holders, 1, -1 do
        if holders[k][2] == m[2] then table.remove(holders, k) end
      end
      if #holders == 0 then table.remove(S.locks, i) end
    end
    grant(S)
  end
  return "noreply", S
end

local function ensure()
  return lockstep.whereis(SERVER) or (function()
    local pid, why = gen_server.start(SERVER, server)
    return pid or why[2]  -- somebody else was faster
  end)()
end
local function ask(...) return gen_server.call(ensure(), { ... }, "infinity") end

-- Asks the server of another node; nil if it cannot be reached.
local function ask_at(node, ...)
  if node == lockstep.node() then return ask(...) end
  local ok, answer = pcall(gen_server.call, { SERVER, node }, { ... }, 60000)
  if ok then return answer end
end
-- Starts it if need be. Asked with something harmless: a request may arrive although its monitor found nobody.
local function wake(node)
  if node ~= lockstep.node() and not ask_at(node, "ping") then pcall(lockstep.cluster.run, node, ensure) end
end

-- Runs fn(nodes) with the names of all connected nodes locked.
local function exclusively(fn)
  local others = peers()
  if #others == 0 then return fn({ lockstep.node() }) end
  local nodes = { lockstep.node(), table.unpack(others) }
  table.sort(nodes)
  local self = lockstep.self()
  for _, node in ipairs(nodes) do wake(node) end
  for _, node in ipairs(nodes) do ask_at(node, "wait_lock", "global", self, self) end
  local answer = fn(nodes)
  for _, node in ipairs(nodes) do ask_at(node, "del_lock", "global", self, self) end
  return answer
end

-- The same on every node, this one first, which decides.
local function everywhere(nodes, ...)
  local answer = ask(...)
  if answer == "no" then return answer end
  for _, node in ipairs(nodes) do
    if node ~= lockstep.node() then ask_at(node, ...) end
  end
  return answer
end

-- ---- the interface ----

-- "yes", or "no" if the name is taken or the process has another global name.
function global.register_name(name, pid, resolve)
  return exclusively(function(nodes) return everywhere(nodes, "register", name, pid, resolve or global.random_exit_name) end)
end
function global.re_register_name(name, pid, resolve)
  return exclusively(function(nodes)
    return everywhere(nodes, "re_register", name, pid, resolve or global.random_exit_name)
  end)
end
function global.unregister_name(name)
  return exclusively(function(nodes) return everywhere(nodes, "unregister", name) end)
end

function global.whereis_name(name)
  local ok, found = pcall(ets.lookup, TABLE, name)
  if ok and found[1] then return found[1][2] end
end
function global.registered_names()
  local ok, objects = pcall(ets.tab2list, TABLE)
  local names = {}
  for i, object in ipairs(ok and objects or {}) do names[i] = object[1] end
  return names
end
-- The pid; exits {"badarg", {name, message}} if nobody has the name.
function global.send(name, message)
  local pid = global.whereis_name(name)
  if not pid then lockstep.exit({ "badarg", { name, message } }) end
  lockstep.send(pid, message)
  return pid
end

-- set_lock({resource, requester} [, nodes [, retries]]): true or false. Held until del_lock as often, or until the process ends.
function global.set_lock(id, _, retries)
  local tries = 0
  while not ask("set_lock", id[1], id[2], lockstep.self()) do
    if type(retries) == "number" and tries >= retries then return false end
    tries = tries + 1
    lockstep.sleep(math.min(8000, 250 * tries))
  end
  return true
end
function global.del_lock(id) return ask("del_lock", id[1], id[2], lockstep.self()) end
-- What fn returns, or "aborted".
function global.trans(id, fn, nodes, retries)
  if not global.set_lock(id, nodes, retries) then return "aborted" end
  local results = table.pack(xpcall(fn, lockstep.exception))
  global.del_lock(id)
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end
function global.sync() return "ok" end

return global
