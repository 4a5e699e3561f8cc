-- global: names that the whole cluster agrees on, and locks. The servers that hold them are in global_server.lua.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local servers = require "lockstep.global_server"

local global = {}

-- ---- resolvers: which of two processes keeps a name after a partition has healed ----

local function in_order(p1, p2)
  if lockstep.node(p1) < lockstep.node(p2) then return p1, p2 end
  return p2, p1
end
function global.random_exit_name(_, p1, p2)
  local keeps, loses = in_order(p1, p2)
  lockstep.exit(loses, "kill")
  return keeps
end
function global.random_notify_name(name, p1, p2)
  local keeps, loses = in_order(p1, p2)
  lockstep.send(loses, { "global_name_conflict", name })
  return keeps
end
function global.notify_all_name(name, p1, p2)
  lockstep.send(p1, { "global_name_conflict", name, p2 })
  lockstep.send(p2, { "global_name_conflict", name, p1 })
  return "none"
end

-- ---- names ----

-- On every node, this one first, which decides.
local function everywhere(...)
  local args = table.pack(...)
  local answer = servers.ask("alone", ...)
  if answer[1] == "done" then return answer[2] end
  return servers.exclusively(answer[2], function(nodes)
    local decided = servers.ask(table.unpack(args, 1, args.n))
    if decided ~= "no" then
      for _, node in ipairs(nodes) do
        if node ~= lockstep.node() then servers.ask_at(node, table.unpack(args, 1, args.n)) end
      end
    end
    return decided
  end)
end

-- "yes", or "no" if the name is taken or the process has another global name.
function global.register_name(name, pid, resolve)
  if not lockstep.is_pid(pid) then lockstep.error("badarg") end
  return everywhere("register", name, pid, resolve or global.random_exit_name)
end
function global.re_register_name(name, pid, resolve)
  if not lockstep.is_pid(pid) then lockstep.error("badarg") end
  return everywhere("re_register", name, pid, resolve or global.random_exit_name)
end
function global.unregister_name(name)
  if not global.whereis_name(name) then return "ok" end
  return everywhere("unregister", name)
end

function global.whereis_name(name)
  local ok, found = pcall(ets.lookup, servers.TABLE, name)
  if ok and found[1] then return found[1][2] end
end
function global.registered_names()
  local ok, objects = pcall(ets.tab2list, servers.TABLE)
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

-- ---- locks ----

local function check_id(id, what)
  if type(id) ~= "table" or #id ~= 2 then
    error(("bad argument #1 to '%s' ({resource, requester} expected, got %s)"):format(what, type(id)), 3)
  end
end
local function sorted(nodes)
  if nodes == nil then nodes = { lockstep.node(), table.unpack(lockstep.cluster and lockstep.nodes() or {}) } end
  local list = table.move(nodes, 1, #nodes, 1, {})
  table.sort(list)
  return list
end
local function take(id, nodes)
  for i, node in ipairs(nodes) do
    if servers.ask_at(node, "set_lock", id[1], id[2], lockstep.self()) == false then
      for k = 1, i - 1 do servers.ask_at(nodes[k], "del_lock", id[1], id[2], lockstep.self()) end
      return false
    end
  end
  return true
end

-- set_lock({resource, requester} [, nodes [, retries]]): true or false. On all nodes unless told otherwise; held until
-- del_lock as often, or until the process ends.
function global.set_lock(id, nodes, retries)
  check_id(id, "set_lock")
  nodes = sorted(nodes)
  local tries = 0
  while not take(id, nodes) do
    if math.type(retries) == "integer" and tries >= retries then return false end
    tries = tries + 1
    lockstep.sleep(math.min(8000, 250 * tries))
  end
  return true
end
function global.del_lock(id, nodes)
  check_id(id, "del_lock")
  for _, node in ipairs(sorted(nodes)) do servers.ask_at(node, "del_lock", id[1], id[2], lockstep.self()) end
  return true
end
-- What fn returns, or "aborted".
function global.trans(id, fn, nodes, retries)
  nodes = sorted(nodes)
  if not global.set_lock(id, nodes, retries) then return "aborted" end
  local results = table.pack(xpcall(fn, lockstep.exception))
  global.del_lock(id, nodes)
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

-- Returns when this node's names have been merged with those of all connected nodes.
function global.sync()
  servers.ask("expect", lockstep.cluster and lockstep.nodes() or {})
  return "ok"
end
global.boot = servers.boot

return global
