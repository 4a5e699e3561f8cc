-- registry: names for processes, one process for each key (unique) or many (duplicate).
--
-- As Elixir's, the tables are written by the registering process itself and cleaned up by the registry's own when it gets
-- the EXIT: a lookup may still give a dead pid until then.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local gen_server = require "lockstep.gen_server"
local supervisor = require "lockstep.supervisor"
local ets = require "lockstep.ets"

local registry = {}

-- Table `name`, owned by the supervisor: {"info", kind, keys, server, pids, listeners} and {{"meta", K}, V}.
-- keys: {key, {pid, value}}; pids: {pid, key}.

local partition = {}
function partition.init(o)
  lockstep.flag("trap_exit", true)
  local keys = ets.new(o.name .. ".keys", { o.kind == "unique" and "set" or "duplicate_bag", "public" })
  local pids = ets.new(o.name .. ".pids", { "duplicate_bag", "public" })
  ets.insert(o.name, { "info", o.kind, keys, lockstep.self(), pids, o.listeners })
  return "ok", { keys = keys, pids = pids }
end
function partition.handle_call(_, _, S) return "reply", "ok", S end
function partition.handle_info(m, S)
  if type(m) == "table" and m[1] == "EXIT" then
    for _, entry in ipairs(ets.take(S.pids, m[2])) do
      pcall(ets.match_delete, S.keys, { entry[2], { m[2], "_" } })
      pcall(ets.match_delete, S.keys, { entry[2], { m[2] } })
    end
  end
  return "noreply", S
end

local tree = {}
function tree.init(o)
  ets.new(o.name, { "set", "public", "named_table" })
  for key, value in pairs(o.meta) do ets.insert(o.name, { { "meta", key }, value }) end
  return "ok", { { strategy = "one_for_all" },
    { { id = "partition", start = { gen_server, "start_link", { partition, o } } } } }
end

local OPTIONS = { keys = false, name = false, partitions = 1, listeners = false, meta = false }

-- start_link{keys = "unique" or "duplicate", name = ..., listeners = {name ...}, meta = {key = value}}
function registry.start_link(options)
  options = gen.options(options, OPTIONS, "start_link", 1)
  if options.keys ~= "unique" and options.keys ~= "duplicate" then
    gen.misuse("start_link", 1, "keys = \"unique\" or \"duplicate\"", options.keys)
  end
  if type(options.name) ~= "string" then gen.misuse("start_link", 1, "a name, which is a string,", options.name) end
  return supervisor.start_link(options.name, tree, { kind = options.keys, name = options.name,
    listeners = options.listeners or {}, meta = options.meta or {} })
end
function registry.child_spec(options)
  return { id = options.name, start = { registry, "start_link", { options } }, type = "supervisor" }
end

-- kind, keys, server, pids, listeners
local function info(name)
  local ok, found = pcall(ets.lookup, name, "info")
  if not ok or not found[1] then lockstep.error({ "ArgumentError", "unknown registry: " .. tostring(name) }) end
  return table.unpack(found[1], 2)
end

local function entry(key, value)
  return { key, { lockstep.self(), value } }
end

-- Registers the caller. The registry's process, or nil, {"already_registered", pid}.
function registry.register(name, key, value)
  local kind, keys, server, pids, listeners = info(name)
  local self = lockstep.self()
  lockstep.link(server)
  -- First where the clean-up looks: what is only in the other table would stay for ever.
  ets.insert(pids, { self, key })
  if kind == "duplicate" then
    ets.insert(keys, entry(key, value))
  else
    while not ets.insert_new(keys, entry(key, value)) do
      local current = ets.lookup(keys, key)[1]
      local owner = current and current[2][1]
      if owner == self then return nil, { "already_registered", self } end
      if owner and lockstep.alive(owner) then
        ets.delete_object(pids, { self, key })
        return nil, { "already_registered", owner }
      end
      if owner then ets.delete_object(keys, current) end
    end
  end
  for _, listener in ipairs(listeners) do pcall(lockstep.send, listener, { "register", name, key, self, value }) end
  return server
end

-- Whether a key would fit others in a pattern.
local function is_pattern(key)
  if type(key) == "string" then return key == "_" or key:find("^%$%d+$") ~= nil end
  if type(key) ~= "table" then return false end
  for _, v in pairs(key) do
    if is_pattern(v) then return true end
  end
  return false
end
-- Element `at` of the objects is the key: what stands for it in a head, and the guards. It is named where it can be, as
-- nothing else is touched then.
local function with_key(key, at, guards)
  if not is_pattern(key) then return key, guards or {} end
  local all = { { "=:=", { "element", at, "$_" }, { "const", key } } }
  return "_", table.move(guards or {}, 1, #(guards or {}), 2, all)
end
-- Entries of a key, whose pid and value match.
local function specification(key, entry, guards, body)
  local head, all = with_key(key, 1, guards)
  return { { { head, entry }, all, { body } } }
end

-- Takes the caller's entry of a key out of the other table, but for the last `keep`.
local function forget(pids, server, self, key, keep)
  local head, guards = with_key(key, 2)
  ets.select_delete(pids, { { { self, head }, guards, { true } } })
  for _ = 1, keep do ets.insert(pids, { self, key }) end
  if keep == 0 and not ets.member(pids, self) then lockstep.unlink(server) end
end
local function tell(listeners, name, key, self)
  for _, listener in ipairs(listeners) do pcall(lockstep.send, listener, { "unregister", name, key, self }) end
end

-- Removes the caller's entries under the key.
function registry.unregister(name, key)
  local _, keys, server, pids, listeners = info(name)
  local self = lockstep.self()
  ets.select_delete(keys, specification(key, { self, "_" }, nil, true))
  ets.select_delete(keys, specification(key, { self }, nil, true))  -- those without a value
  forget(pids, server, self, key, 0)
  tell(listeners, name, key, self)
  return "ok"
end
-- The same, of entries whose value matches; listeners hear of it when none is left.
function registry.unregister_match(name, key, pattern, guards)
  local _, keys, server, pids, listeners = info(name)
  local self = lockstep.self()
  local total = ets.select_count(keys, specification(key, { self, "_" }, nil, true))
    + ets.select_count(keys, specification(key, { self }, nil, true))
  local deleted = ets.select_delete(keys, specification(key, { self, pattern }, guards, true))
  if deleted == total then
    forget(pids, server, self, key, 0)
    tell(listeners, name, key, self)
  elseif deleted > 0 then
    forget(pids, server, self, key, total - deleted)
  end
  return "ok"
end

-- {{pid, value} ...}
function registry.lookup(name, key)
  local _, keys = info(name)
  local list = {}
  for i, object in ipairs(ets.lookup(keys, key)) do list[i] = object[2] end
  return list
end

-- Runs fn(entries) in the caller; not at all if there are none.
function registry.dispatch(name, key, fn)
  local entries = registry.lookup(name, key)
  if #entries > 0 then fn(entries) end
  return "ok"
end

-- The new value and the old, or nil, "error" if the key is not the caller's.
function registry.update_value(name, key, fn)
  local kind, keys = info(name)
  if kind ~= "unique" then
    lockstep.error({ "ArgumentError", "update_value is only supported for unique registries" })
  end
  local current = ets.lookup(keys, key)[1]
  if not current or current[2][1] ~= lockstep.self() then return nil, "error" end
  local new = fn(current[2][2])
  ets.insert(keys, entry(key, new))
  return new, current[2][2]
end

function registry.keys(name, pid)
  local kind, _, _, pids = info(name)
  local list = {}
  for _, object in ipairs(ets.lookup(pids, pid)) do
    local known = false
    for _, key in ipairs(kind == "unique" and list or {}) do known = known or gen.same(key, object[2]) end
    if not known then list[#list + 1] = object[2] end
  end
  return list
end

-- The values of one process under a key.
function registry.values(name, key, pid)
  local list = {}
  for _, e in ipairs(registry.lookup(name, key)) do
    if e[1] == pid then list[#list + 1] = e[2] end
  end
  return list
end

function registry.count(name)
  local _, keys = info(name)
  return ets.info(keys, "size")
end

-- {{pid, value} ...} of those whose value matches the pattern ("_", "$1"), and the guards.
function registry.match(name, key, pattern, guards)
  local _, keys = info(name)
  return ets.select(keys, specification(key, { "_", pattern }, guards, { "element", 2, "$_" }))
end
function registry.count_match(name, key, pattern, guards)
  local _, keys = info(name)
  return ets.select_count(keys, specification(key, { "_", pattern }, guards, true))
end
-- Match specifications over {key, pid, value}.
function registry.select(name, specification)
  local _, keys = info(name)
  local list = {}
  for i, clause in ipairs(specification) do
    local head = clause[1]
    list[i] = { { head[1], { head[2], head[3] } }, clause[2], clause[3] }
  end
  return ets.select(keys, list)
end

function registry.count_select(name, specification) return #registry.select(name, specification) end

-- The value, or nil, "error".
function registry.meta(name, key)
  info(name)
  local found = ets.lookup(name, { "meta", key })[1]
  if not found then return nil, "error" end
  return found[2]
end
function registry.put_meta(name, key, value)
  info(name)
  ets.insert(name, { { "meta", key }, value })
  return "ok"
end
function registry.delete_meta(name, key)
  info(name)
  ets.delete(name, { "meta", key })
  return "ok"
end

-- ---- {"via", registry, {name, key}} or {name, key, value} ----

function registry.register_name(term, pid)
  if pid ~= lockstep.self() then lockstep.error({ "ArgumentError", "a process can only register itself" }) end
  return registry.register(term[1], term[2], term[3]) and "yes" or "no"
end
function registry.whereis_name(term)
  local kind, keys = info(term[1])
  if kind ~= "unique" then
    lockstep.error({ "ArgumentError", ":via is not supported for duplicate registries" })
  end
  local found = ets.lookup(keys, term[2])[1]
  if found and lockstep.alive(found[2][1]) then return found[2][1] end
end
function registry.unregister_name(term) return registry.unregister(term[1], term[2]) end
function registry.send(term, message)
  local pid = registry.whereis_name(term)
  if not pid then lockstep.exit({ "badarg", { term, message } }) end
  lockstep.send(pid, message)
  return pid
end

return registry
