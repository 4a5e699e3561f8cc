-- global: names that the whole cluster agrees on, and locks.
--
-- Each node has a server, started when first needed. Registering goes through it; whereis_name is a look into a table.
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

-- ---- the server. S: names {{name, pid, ref, resolve} ...}, locks {{resource, requester, {{pid, ref} ...}} ...} ----

local server = {}

function server.init()
  lockstep.flag("trap_exit", true)
  ets.new(TABLE, { "set", "protected", "named_table" })
  return "ok", { names = {}, locks = {} }
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

function server.handle_call(request, _, S) return "reply", calls[request[1]](S, table.unpack(request, 2)), S end
function server.handle_cast(_, S) return "noreply", S end
function server.handle_info(m, S)
  if type(m) == "table" and m[1] == "DOWN" then
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

-- ---- the interface ----

-- "yes", or "no" if the name is taken or the process has another global name.
function global.register_name(name, pid, resolve) return ask("register", name, pid, resolve or global.random_exit_name) end
function global.re_register_name(name, pid, resolve)
  return ask("re_register", name, pid, resolve or global.random_exit_name)
end
function global.unregister_name(name) return ask("unregister", name) end

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
