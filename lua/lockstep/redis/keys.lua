-- redis.keys: keys of any type, and when they expire.
local lockstep = require "lockstep"
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local strings = require "lockstep.redis.strings"
local glob = require "lockstep.redis.glob"

local keys = {}
local define, ONE, EACH = store.define, store.ONE, store.EACH
local fail, integer, OK = reply.fail, reply.integer, reply.OK

local function delete(db, a)
  local n = 0
  for _, key in ipairs(a) do
    if store.remove(db, key) then n = n + 1 end
  end
  return n
end
define("del", -2, "write", EACH, delete)
define("unlink", -2, "write", EACH, delete)

local function exists(db, a)
  local n = 0
  for _, key in ipairs(a) do
    if store.row(db, key) then n = n + 1 end
  end
  return n
end
define("exists", -2, "read", EACH, exists)
define("touch", -2, "read", EACH, exists)

define("type", 2, "read", ONE, function(db, a)
  local row = store.row(db, a[1])
  return { ok = row and row[2] or "none" }
end)

-- ---- expiry ----


local function conditions(a)
  local found = {}
  for i = 3, #a do
    local word = a[i]:upper()
    if word ~= "NX" and word ~= "XX" and word ~= "GT" and word ~= "LT" then fail("ERR Unsupported option " .. a[i]) end
    found[word] = true
  end
  if found.NX and (found.XX or found.GT or found.LT) then
    fail("ERR NX and XX, GT or LT options at the same time are not compatible")
  end
  if found.GT and found.LT then fail("ERR GT and LT options at the same time are not compatible") end
  return found
end

local function expire(name, unit, absolute)
  define(name, -3, "write", ONE, function(db, a)
    local found = conditions(a)
    local n = integer(a[2])
    local invalid = "ERR invalid expire time in '" .. name .. "' command"
    if n > math.maxinteger // unit or n < math.mininteger // unit then fail(invalid) end
    local at = n * unit
    if not absolute then
      if at > math.maxinteger - strings.LATEST then fail(invalid) end
      at = at + lockstep.now()
    end
    local row = store.row(db, a[1])
    if not row then return 0 end
    local before = row[4]
    if (found.NX and before) or (found.XX and not before) or (found.GT and (not before or at <= before))
      or (found.LT and before and at >= before) then
      return 0
    end
    if at <= lockstep.now() then
      store.remove(db, a[1])
    else
      store.put(db, a[1], row[2], row[3], at)
    end
    return 1
  end)
end
expire("expire", 1000, false)
expire("pexpire", 1, false)
expire("expireat", 1000, true)
expire("pexpireat", 1, true)

local function left(name, unit, absolute)
  define(name, 2, "read", ONE, function(db, a)
    local row = store.row(db, a[1])
    if not row then return -2 end
    if not row[4] then return -1 end
    local ms = absolute and row[4] or row[4] - lockstep.now()
    return unit == 1 and ms or (ms + 500) // 1000
  end)
end
left("ttl", 1000, false)
left("pttl", 1, false)
left("expiretime", 1000, true)
left("pexpiretime", 1, true)

define("persist", 2, "write", ONE, function(db, a)
  local row = store.row(db, a[1])
  if not row or not row[4] then return 0 end
  store.put(db, a[1], row[2], row[3])
  return 1
end)

-- ---- names ----

local function rename(db, from, to)
  local row = store.row(db, from) or fail(reply.NO_KEY)
  if from == to then return end
  store.remove(db, from)
  store.put(db, to, row[2], row[3], row[4])
end
define("rename", 3, "write", EACH, function(db, a)
  rename(db, a[1], a[2])
  return OK
end)
define("renamenx", 3, "write", EACH, function(db, a)
  if not store.row(db, a[1]) then fail(reply.NO_KEY) end
  if store.row(db, a[2]) then return 0 end
  rename(db, a[1], a[2])
  return 1
end)

define("copy", -3, "write", { 1, 2, 1 }, function(db, a)
  local replace = false
  for i = 3, #a do
    if a[i]:upper() ~= "REPLACE" then fail(reply.SYNTAX) end
    replace = true
  end
  if a[1] == a[2] then fail("ERR source and destination objects are the same") end
  local row = store.row(db, a[1])
  if not row or (store.row(db, a[2]) and not replace) then return 0 end
  store.put(db, a[2], row[2], row[3], row[4])
  return 1
end)

define("keys", 2, "read", "all", function(db, a)
  local found = {}
  for _, name in ipairs(store.names(db)) do
    if glob.matches(a[1], name) then found[#found + 1] = name end
  end
  return found
end)

-- All in one call, which a real server may do too.
define("scan", -2, "read", "all", function(db, a)
  if not a[1]:find("^%d+$") then fail("ERR invalid cursor") end
  local pattern, kind = "*", nil
  for i = 2, #a, 2 do
    local word = a[i]:upper()
    if not a[i + 1] then fail(reply.SYNTAX) end
    if word == "MATCH" then
      pattern = a[i + 1]
    elseif word == "COUNT" then
      if integer(a[i + 1]) < 1 then fail(reply.SYNTAX) end
    elseif word == "TYPE" then
      kind = a[i + 1]:lower()
    else
      fail(reply.SYNTAX)
    end
  end
  local found = {}
  for _, name in ipairs(store.names(db)) do
    if glob.matches(pattern, name) and (not kind or store.row(db, name)[2] == kind) then found[#found + 1] = name end
  end
  return { "0", found }
end)

define("dbsize", 1, "read", "all", function(db) return #store.names(db) end)
define("randomkey", 1, "read", "all", function(db)
  local names = store.names(db)
  return #names > 0 and names[math.random(1, #names)] or false
end)
local function flush(db)
  for _, name in ipairs(store.names(db)) do store.remove(db, name) end
  return OK
end
define("flushall", -1, "write", "all", flush)
define("flushdb", -1, "write", "all", flush)

return keys
