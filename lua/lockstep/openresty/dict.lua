-- openresty.dict: ngx.shared.DICT. A dictionary is a table of ets; each call is one operation on the row of its key.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"

local dict = {}

local operations = {}
for _, name in ipairs { "get", "get_stale", "set", "add", "replace", "incr", "lpush", "rpush", "lpop", "rpop", "llen", "ttl",
  "expire", "flush_all", "flush_expired", "get_keys", "free_space", "evict" } do
  operations[name] = ets.operation("dict:" .. name)
end

-- A row: {key, value, when it expires (ms; 0: never), flags}; a list has flags "list".
local EXPIRED <const> = -1
local Dict = {}
Dict.__index = Dict

-- Made by the master, whose it is. options: items (nil: room for all), size in bytes (told, not kept), full = "choice".
function dict.new(name, options)
  options = options or {}
  return { name = name, table = ets.new(name, { "public" }), size = options.size or 1 << 20, full = options.full }
end
-- What a worker sees of it.
function dict.open(dict)
  return setmetatable({ name = dict.name, table = dict.table, size = dict.size, full = dict.full, reads = {}, writes = {} },
    Dict)
end

local function expired(row) return row[3] ~= 0 and row[3] < lockstep.now() end
local function live(t, key)
  local row = ets.lookup(t, key)[1]
  if row and not expired(row) then return row end
end
local function deadline(seconds)
  if not seconds or seconds == 0 then return 0 end
  return lockstep.now() + math.floor(seconds * 1000 + 0.5)
end

local function check_key(key)
  if key == nil then return nil, "nil key" end
  if type(key) ~= "string" then key = tostring(key) end
  if key == "" then return nil, "empty key" end
  if #key > 65535 then return nil, "key too long" end
  return key
end
local function check_time(seconds)
  if seconds and (type(seconds) ~= "number" or seconds < 0) then error('bad "exptime" argument', 3) end
end
local function self_of(dict)
  if getmetatable(dict) ~= Dict then error('bad "zone" argument', 3) end
  return dict.table
end
-- What is announced for a key, kept: most keys are used again.
local function reads(dict, key)
  local touched = dict.reads[key]
  if not touched then
    touched = { read = { key }, clock = true }
    dict.reads[key] = touched
  end
  return touched
end
local function writes(dict, key)
  local touched = dict.writes[key]
  if not touched then
    touched = { write = { key }, clock = true }
    dict.writes[key] = touched
  end
  return touched
end

-- ---- when it is full ----
-- nginx drops what was used longest ago, which of all it is nobody here knows: any of them, where the scenario says that
-- it may be full.

local function evict(t, n)
  local rows, count = ets.tab2list(t), 0
  for _, row in ipairs(rows) do
    count = count + 1
    if count == n then ets.delete(t, row[1]) end
  end
  return count
end

-- True if somebody else had to go; nil if there is no room (`safe`).
local function make_room(dict, safe)
  if dict.full ~= "choice" or lockstep.choose { "room", "full" } == "room" then return false end
  if safe then return nil end
  local count = operations.evict(dict.table, { read = "all" }, evict, dict.table, 0)
  if count > 0 then operations.evict(dict.table, { write = "all" }, evict, dict.table, lockstep.choose(count)) end
  return true
end

-- ---- single values ----

local function get(key, t)
  local row = live(t, key)
  if not row then return nil end
  if row[4] == "list" then return nil, "value is a list" end
  if row[4] ~= 0 then return row[2], row[4] end
  return row[2]
end
function Dict:get(key)
  local t, why = self_of(self)
  key, why = check_key(key)
  if not key then return nil, why end
  return operations.get(t, reads(self, key), get, key, t)
end

local function get_stale(key, t)
  local row = ets.lookup(t, key)[1]
  if not row then return nil, nil, false end
  if row[4] == "list" then return nil, "value is a list", false end
  return row[2], row[4] ~= 0 and row[4] or nil, expired(row)
end
function Dict:get_stale(key)
  local t, why = self_of(self)
  key, why = check_key(key)
  if not key then return nil, why end
  return operations.get_stale(t, reads(self, key), get_stale, key, t)
end

local function store(key, t, value, seconds, flags, when)
  local row = live(t, key)
  if when == "new" and row then return false, "exists" end
  if when == "old" and not row then return false, "not found" end
  if value == nil then
    ets.delete(t, key)
  else
    ets.insert(t, { key, value, deadline(seconds), flags or 0 })
  end
  return true
end

local function setter(name, when, safe)
  return function(self, key, value, seconds, flags)
    local t, why = self_of(self)
    key, why = check_key(key)
    if not key then return nil, why end
    check_time(seconds)
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" and (kind ~= "nil" or when) then
      if kind == "nil" then return nil, "attempt to " .. name .. " nil values" end
      return nil, "bad value type"
    end
    local forcible = false
    if value ~= nil then forcible = make_room(self, safe) end
    if forcible == nil then return false, "no memory" end
    local ok
    ok, why = operations[name](t, writes(self, key), store, key, t, value, seconds, flags, when)
    if safe then return ok, why end
    return ok, why, forcible
  end
end
Dict.set, Dict.safe_set = setter("set"), setter("set", nil, true)
Dict.add, Dict.safe_add = setter("add", "new"), setter("add", "new", true)
Dict.replace = setter("replace", "old")
function Dict:delete(key) return self:set(key, nil) end

local function incr(key, t, by, init, init_seconds)
  local row = live(t, key)
  if not row then
    if not init then return nil, "not found" end
    ets.insert(t, { key, init + by, deadline(init_seconds), 0 })
    return init + by
  end
  if type(row[2]) ~= "number" then return nil, "not a number" end
  ets.insert(t, { key, row[2] + by, row[3], row[4] })
  return row[2] + by
end
function Dict:incr(key, by, init, init_seconds)
  local t, why = self_of(self)
  key, why = check_key(key)
  if not key then return nil, why end
  by = tonumber(by) or error("bad value", 2)
  if init ~= nil then init = tonumber(init) or error("bad init arg", 2) end
  if init_seconds ~= nil then
    init_seconds = tonumber(init_seconds) or error("bad init_ttl arg: expected number", 2)
    if init_seconds < 0 then error('bad "init_ttl" argument', 2) end
    if not init then error('must provide "init" when providing "init_ttl"', 2) end
  end
  local forcible, value
  if init then forcible = make_room(self, false) end
  value, why = operations.incr(t, writes(self, key), incr, key, t, by, init, init_seconds)
  return value, why, forcible
end

-- ---- lists ----

local function list_of(t, key)
  local row = live(t, key)
  if not row then return {}, 0 end
  if row[4] ~= "list" then return nil end
  return row[2], row[3]
end
local function push(key, t, value, front)
  local list, expires = list_of(t, key)
  if not list then return nil, "value not a list" end
  table.insert(list, front and 1 or #list + 1, value)
  ets.insert(t, { key, list, expires, "list" })
  return #list
end
local function pop(key, t, front)
  local list, expires = list_of(t, key)
  if not list then return nil, "value not a list" end
  if #list == 0 then return nil end
  local value = table.remove(list, front and 1 or #list)
  if #list == 0 then
    ets.delete(t, key)
  else
    ets.insert(t, { key, list, expires, "list" })
  end
  return value
end
local function length(key, t)
  local list = list_of(t, key)
  if not list then return nil, "value not a list" end
  return #list
end
local function pusher(name, front)
  return function(self, key, value)
    local t, why = self_of(self)
    key, why = check_key(key)
    if not key then return nil, why end
    if type(value) ~= "string" and type(value) ~= "number" then return nil, "bad value type" end
    if make_room(self, true) == nil then return nil, "no memory" end
    return operations[name](t, writes(self, key), push, key, t, value, front)
  end
end
local function popper(name, front)
  return function(self, key)
    local t, why = self_of(self)
    key, why = check_key(key)
    if not key then return nil, why end
    return operations[name](t, writes(self, key), pop, key, t, front)
  end
end
Dict.lpush, Dict.rpush = pusher("lpush", true), pusher("rpush", false)
Dict.lpop, Dict.rpop = popper("lpop", true), popper("rpop", false)
function Dict:llen(key)
  local t, why = self_of(self)
  key, why = check_key(key)
  if not key then return nil, why end
  return operations.llen(t, reads(self, key), length, key, t)
end

-- ---- time ----

local function ttl(key, t)
  local row = live(t, key)
  if not row then return nil, "not found" end
  if row[3] == 0 then return 0 end
  return (row[3] - lockstep.now()) / 1000
end
function Dict:ttl(key)
  local t, why = self_of(self)
  key, why = check_key(key)
  if not key then return nil, why end
  return operations.ttl(t, reads(self, key), ttl, key, t)
end
local function expire(key, t, seconds)
  local row = live(t, key)
  if not row then return nil, "not found" end
  ets.insert(t, { key, row[2], deadline(seconds), row[4] })
  return true
end
function Dict:expire(key, seconds)
  local t, why = self_of(self)
  key, why = check_key(key)
  if not key then return nil, why end
  if type(seconds) ~= "number" or seconds < 0 then error('bad "exptime" argument', 2) end
  return operations.expire(t, writes(self, key), expire, key, t, seconds)
end

-- ---- all of it ----

local ALL_READ <const>, ALL_WRITE <const> = { read = "all", clock = true }, { write = "all", clock = true }

local function flush_all(t)
  for _, row in ipairs(ets.tab2list(t)) do ets.insert(t, { row[1], row[2], EXPIRED, row[4] }) end
end
function Dict:flush_all()
  local t = self_of(self)
  operations.flush_all(t, ALL_WRITE, flush_all, t)
end
local function flush_expired(t, most)
  local count = 0
  for _, row in ipairs(ets.tab2list(t)) do
    if expired(row) and (most == 0 or count < most) then
      ets.delete(t, row[1])
      count = count + 1
    end
  end
  return count
end
function Dict:flush_expired(most)
  local t = self_of(self)
  return operations.flush_expired(t, ALL_WRITE, flush_expired, t, most or 0)
end
local function get_keys(t, most)
  local keys = {}
  for _, row in ipairs(ets.tab2list(t)) do
    if most ~= 0 and #keys == most then break end
    if not expired(row) then keys[#keys + 1] = row[1] end
  end
  return keys
end
function Dict:get_keys(most)
  local t = self_of(self)
  return operations.get_keys(t, ALL_READ, get_keys, t, most or 1024)
end
function Dict:capacity() return self.size end
local function used(t)
  local bytes = 0
  for _, row in ipairs(ets.tab2list(t)) do
    bytes = bytes + 64 + #row[1] + (type(row[2]) == "string" and #row[2] or 8)
  end
  return bytes
end
-- Of whole pages, as nginx tells it.
function Dict:free_space()
  local t = self_of(self)
  local bytes = operations.free_space(t, ALL_READ, used, t)
  return math.max(0, self.size - bytes) // 4096 * 4096
end

return dict
