-- redis.strings: strings and counters.
local lockstep = require "lockstep"
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"

local strings = {}
local define, ONE, EACH = store.define, store.ONE, store.EACH
local fail, integer, OK = reply.fail, reply.integer, reply.OK
local MAX = 512 * 1024 * 1024
local UNITS = { EX = 1000, PX = 1, EXAT = 1000, PXAT = 1 }

-- A real server's clock counts from 1970, so sums overflow there a little earlier than here. ms
strings.LATEST = 1 << 42

-- When a key expires whose command says `amount` in `unit`. ms
function strings.expires(command, unit, amount)
  local n = integer(amount)
  local invalid = "ERR invalid expire time in '" .. command .. "' command"
  if n <= 0 or n > math.maxinteger // UNITS[unit] then fail(invalid) end
  local at = n * UNITS[unit]
  if unit == "EXAT" or unit == "PXAT" then return at end
  return at <= math.maxinteger - strings.LATEST and at + lockstep.now() or fail(invalid)
end

-- What follows key and value of SET, or the key of GETEX: words that take no value, words that take one.
local function options(a, from, allowed)
  local found, expiry = {}, nil
  local i = from
  while a[i] do
    local word = a[i]:upper()
    if not allowed[word] then fail(reply.SYNTAX) end
    if UNITS[word] then
      if expiry or found.KEEPTTL or found.PERSIST or not a[i + 1] then fail(reply.SYNTAX) end
      expiry = { word, a[i + 1] }
      i = i + 1
    elseif word == "KEEPTTL" or word == "PERSIST" then
      if expiry then fail(reply.SYNTAX) end
    end
    if (word == "NX" and found.XX) or (word == "XX" and found.NX) then fail(reply.SYNTAX) end
    found[word] = true
    i = i + 1
  end
  return found, expiry
end
local OF_SET = { NX = true, XX = true, GET = true, KEEPTTL = true, EX = true, PX = true, EXAT = true, PXAT = true }
local OF_GETEX = { PERSIST = true, EX = true, PX = true, EXAT = true, PXAT = true }

define("get", 2, "read", ONE, function(db, a)
  return store.get(db, a[1], "string") or false
end)

define("set", -3, "write", ONE, function(db, a)
  if not a[3] then
    store.put(db, a[1], "string", a[2])
    return OK
  end
  local found, expiry = options(a, 3, OF_SET)
  local expires = expiry and strings.expires("set", expiry[1], expiry[2])
  local old = found.GET and (store.get(db, a[1], "string") or false)
  local row = store.row(db, a[1])
  if (found.NX and row) or (found.XX and not row) then return old or false end
  if found.KEEPTTL then expires = row and row[4] end
  store.put(db, a[1], "string", a[2], expires)
  if found.GET then return old end
  return OK
end)

define("setnx", 3, "write", ONE, function(db, a)
  if store.row(db, a[1]) then return 0 end
  store.put(db, a[1], "string", a[2])
  return 1
end)

for name, unit in pairs({ setex = "EX", psetex = "PX" }) do
  define(name, 4, "write", ONE, function(db, a)
    store.put(db, a[1], "string", a[3], strings.expires(name, unit, a[2]))
    return OK
  end)
end

define("getset", 3, "write", ONE, function(db, a)
  local old = store.get(db, a[1], "string")
  store.put(db, a[1], "string", a[2])
  return old or false
end)

define("getdel", 2, "write", ONE, function(db, a)
  local old = store.get(db, a[1], "string")
  if old then store.remove(db, a[1]) end
  return old or false
end)

define("getex", -2, "write", ONE, function(db, a)
  local found, expiry = options(a, 2, OF_GETEX)
  local value, expires = store.get(db, a[1], "string")
  if not value then return false end
  if expiry then
    store.put(db, a[1], "string", value, strings.expires("getex", expiry[1], expiry[2]))
  elseif found.PERSIST and expires then
    store.put(db, a[1], "string", value)
  end
  return value
end)

define("append", 3, "write", ONE, function(db, a)
  local old, expires = store.get(db, a[1], "string")
  local value = (old or "") .. a[2]
  store.put(db, a[1], "string", value, expires)
  return #value
end)

define("strlen", 2, "read", ONE, function(db, a) return #(store.get(db, a[1], "string") or "") end)

local function getrange(db, a)
  local first, last = integer(a[2]), integer(a[3])
  local value = store.get(db, a[1], "string") or ""
  if first < 0 and last < 0 and first > last then return "" end
  if last < 0 then last = math.max(#value + last, 0) end
  local from, to = reply.range(first, last, #value)
  return from and value:sub(from, to) or ""
end
define("getrange", 4, "read", ONE, getrange)
define("substr", 4, "read", ONE, getrange)

define("setrange", 4, "write", ONE, function(db, a)
  local at = integer(a[2])
  if at < 0 then fail("ERR offset is out of range") end
  local old, expires = store.get(db, a[1], "string")
  if a[3] == "" then return #(old or "") end
  if at > MAX - #a[3] then fail("ERR string exceeds maximum allowed size (proto-max-bulk-len)") end
  local value = old or ""
  if #value < at then value = value .. ("\0"):rep(at - #value) end
  value = value:sub(1, at) .. a[3] .. value:sub(at + #a[3] + 1)
  store.put(db, a[1], "string", value, expires)
  return #value
end)

-- ---- counters ----

-- The sum of two integers; fails if it needs more than 64 bits.
function strings.add(value, by)
  local sum = value + by
  if (by > 0 and sum < value) or (by < 0 and sum > value) then fail("ERR increment or decrement would overflow") end
  return sum
end

local function count(db, key, by)
  local old, expires = store.get(db, key, "string")
  local sum = strings.add(old and integer(old) or 0, by)
  store.put(db, key, "string", tostring(sum), expires)
  return sum
end
define("incr", 2, "write", ONE, function(db, a) return count(db, a[1], 1) end)
define("decr", 2, "write", ONE, function(db, a) return count(db, a[1], -1) end)
define("incrby", 3, "write", ONE, function(db, a) return count(db, a[1], integer(a[2])) end)
define("decrby", 3, "write", ONE, function(db, a)
  local by = integer(a[2])
  if by == math.mininteger then fail("ERR decrement would overflow") end
  return count(db, a[1], -by)
end)
define("incrbyfloat", 3, "write", ONE, function(db, a)
  local old, expires = store.get(db, a[1], "string")
  local sum = (old and reply.number(old) or 0) + reply.number(a[2])
  if sum ~= sum or sum == math.huge or sum == -math.huge then fail("ERR increment would produce NaN or Infinity") end
  local text = reply.sum(sum)
  store.put(db, a[1], "string", text, expires)
  return text
end)

-- ---- several keys ----

define("mget", -2, "read", EACH, function(db, a)
  local values = {}
  for i, key in ipairs(a) do
    local row = store.row(db, key)
    values[i] = row and row[2] == "string" and row[3] or false
  end
  return values
end)

define("mset", -3, "write", { 1, -1, 2 }, function(db, a)
  if #a % 2 == 1 then reply.arity("mset") end
  for i = 1, #a, 2 do store.put(db, a[i], "string", a[i + 1]) end
  return OK
end)

define("msetnx", -3, "write", { 1, -1, 2 }, function(db, a)
  if #a % 2 == 1 then reply.arity("msetnx") end
  for i = 1, #a, 2 do
    if store.row(db, a[i]) then return 0 end
  end
  for i = 1, #a, 2 do store.put(db, a[i], "string", a[i + 1]) end
  return 1
end)

return strings
