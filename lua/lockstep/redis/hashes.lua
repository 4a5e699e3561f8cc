-- redis.hashes: a hash is {field, value, field, value ...} in the order of insertion, as Redis keeps a small one.
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local strings = require "lockstep.redis.strings"
local glob = require "lockstep.redis.glob"

local hashes = {}
local define, ONE = store.define, store.ONE
local fail, integer, OK = reply.fail, reply.integer, reply.OK

local function place(hash, field)
  for i = 1, #hash, 2 do
    if hash[i] == field then return i end
  end
end

local function get(db, key) return store.get(db, key, "hash") end

define("hget", 3, "read", ONE, function(db, a)
  local hash = get(db, a[1])
  local i = hash and place(hash, a[2])
  return i and hash[i + 1] or false
end)

define("hmget", -3, "read", ONE, function(db, a)
  local hash, values = get(db, a[1]) or {}, {}
  for n = 2, #a do
    local i = place(hash, a[n])
    values[n - 1] = i and hash[i + 1] or false
  end
  return values
end)

-- How many fields are new.
local function set(hash, field, value)
  local i = place(hash, field)
  if i then
    hash[i + 1] = value
    return 0
  end
  local n = #hash
  hash[n + 1], hash[n + 2] = field, value
  return 1
end

local function hset(name, done)
  define(name, -4, "write", ONE, function(db, a)
    if #a % 2 == 0 then reply.arity(name) end
    local hash, expires = get(db, a[1])
    hash = hash or {}
    local new = 0
    for n = 2, #a, 2 do new = new + set(hash, a[n], a[n + 1]) end
    store.put(db, a[1], "hash", hash, expires)
    return done or new
  end)
end
hset("hset")
hset("hmset", OK)

define("hsetnx", 4, "write", ONE, function(db, a)
  local hash, expires = get(db, a[1])
  hash = hash or {}
  if place(hash, a[2]) then return 0 end
  set(hash, a[2], a[3])
  store.put(db, a[1], "hash", hash, expires)
  return 1
end)

define("hdel", -3, "write", ONE, function(db, a)
  local hash, expires = get(db, a[1])
  local gone = 0
  if not hash then return 0 end
  for n = 2, #a do
    local i = place(hash, a[n])
    if i then
      table.remove(hash, i)
      table.remove(hash, i)
      gone = gone + 1
    end
  end
  if gone > 0 then store.keep(db, a[1], "hash", hash, expires) end
  return gone
end)

define("hexists", 3, "read", ONE, function(db, a)
  local hash = get(db, a[1])
  return hash and place(hash, a[2]) and 1 or 0
end)
define("hlen", 2, "read", ONE, function(db, a) return #(get(db, a[1]) or {}) // 2 end)
define("hstrlen", 3, "read", ONE, function(db, a)
  local hash = get(db, a[1])
  local i = hash and place(hash, a[2])
  return i and #hash[i + 1] or 0
end)
define("hgetall", 2, "read", ONE, function(db, a) return get(db, a[1]) or {} end)

local function every_other(name, from)
  define(name, 2, "read", ONE, function(db, a)
    local hash, list = get(db, a[1]) or {}, {}
    for i = from, #hash, 2 do list[#list + 1] = hash[i] end
    return list
  end)
end
every_other("hkeys", 1)
every_other("hvals", 2)

define("hincrby", 4, "write", ONE, function(db, a)
  local by = integer(a[3])
  local hash, expires = get(db, a[1])
  hash = hash or {}
  local i = place(hash, a[2])
  local sum = strings.add(i and integer(hash[i + 1], "ERR hash value is not an integer") or 0, by)
  set(hash, a[2], tostring(sum))
  store.put(db, a[1], "hash", hash, expires)
  return sum
end)

define("hincrbyfloat", 4, "write", ONE, function(db, a)
  local by = reply.float(a[3])
  local hash, expires = get(db, a[1])
  hash = hash or {}
  local i = place(hash, a[2])
  local sum = (i and reply.float(hash[i + 1], "ERR hash value is not a float") or 0.0) + by
  if sum ~= sum or sum == math.huge or sum == -math.huge then fail("ERR increment would produce NaN or Infinity") end
  set(hash, a[2], reply.sum(sum))
  store.put(db, a[1], "hash", hash, expires)
  return reply.sum(sum)
end)

-- All in one call; `pairs` of elements at `width` 2. Options of HSCAN, SSCAN and ZSCAN.
function hashes.scan(a, list, width)
  if not a[2]:find("^%d+$") then fail("ERR invalid cursor") end
  local pattern, found = "*", {}
  for i = 3, #a, 2 do
    local word = a[i]:upper()
    if not a[i + 1] or (word ~= "MATCH" and word ~= "COUNT") then fail(reply.SYNTAX) end
    if word == "MATCH" then
      pattern = a[i + 1]
    elseif integer(a[i + 1]) < 1 then
      fail(reply.SYNTAX)
    end
  end
  for i = 1, #list, width do
    if glob.matches(pattern, list[i]) then
      for k = i, i + width - 1 do found[#found + 1] = list[k] end
    end
  end
  return { "0", found }
end
define("hscan", -3, "read", ONE, function(db, a) return hashes.scan(a, get(db, a[1]) or {}, 2) end)

return hashes
