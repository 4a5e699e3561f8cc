-- redis.bitmaps: strings as rows of bits, the highest of a byte first.
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"

local define, ONE = store.define, store.ONE
local fail, integer = reply.fail, reply.integer
local BAD_OFFSET = "ERR bit offset is not an integer or out of range"

local function get(db, key) return store.get(db, key, "string") end

local function offset(text)
  local at = integer(text, BAD_OFFSET)
  if at < 0 or at >= 1 << 32 then fail(BAD_OFFSET) end
  return at
end
local function bit(value, at)
  local byte = value:byte(at // 8 + 1) or 0
  return byte >> (7 - at % 8) & 1
end
-- 0 or 1.
local function bit_argument(text, problem)
  if text ~= "0" and text ~= "1" then fail(problem) end
  return tonumber(text)
end

define("getbit", 3, "read", ONE, function(db, a)
  local at = offset(a[2])
  return bit(get(db, a[1]) or "", at)
end)

define("setbit", 4, "write", ONE, function(db, a)
  local at = offset(a[2])
  local on = bit_argument(a[3], "ERR bit is not an integer or out of range")
  local value, expires = get(db, a[1])
  value = value or ""
  local place = at // 8 + 1
  if #value < place then value = value .. ("\0"):rep(place - #value) end
  local before = bit(value, at)
  local mask = 1 << (7 - at % 8)
  local byte = value:byte(place) & ~mask | (on == 1 and mask or 0)
  store.put(db, a[1], "string", value:sub(1, place - 1) .. string.char(byte) .. value:sub(place + 1), expires)
  return before
end)

-- The bits that arguments from number `i` on mean: first and last, 0-based; nil if none are. Two places from the end
-- in the wrong order are none for who counts, and the first byte for who looks for one if they are beyond it.
local function bits(a, i, value, counts)
  local unit = 8
  if a[i + 2] then
    local word = a[i + 2]:upper()
    if word ~= "BYTE" and word ~= "BIT" then fail(reply.SYNTAX) end
    unit = word == "BIT" and 1 or 8
  end
  local size = #value * 8 // unit
  local first, last = integer(a[i]), a[i + 1] and integer(a[i + 1]) or -1
  if counts and first < 0 and last < 0 and first > last then return nil end
  if last < 0 then last = math.max(size + last, 0) end
  local from, to = reply.range(first, last, size)
  if from then return (from - 1) * unit, to * unit - 1 end
end

define("bitcount", -2, "read", ONE, function(db, a)
  local value = get(db, a[1])
  if not value then return 0 end
  if #a == 2 or #a > 4 then fail(reply.SYNTAX) end
  local from, to = 0, #value * 8 - 1
  if a[2] then from, to = bits(a, 2, value, true) end
  local n = 0
  for at = from or 1, to or 0 do n = n + bit(value, at) end
  return n
end)

define("bitpos", -3, "read", ONE, function(db, a)
  if #a > 5 then fail(reply.SYNTAX) end
  if not reply.to_integer(a[2]) then fail(reply.NOT_INTEGER) end
  local wanted = bit_argument(a[2], "ERR The bit argument must be 1 or 0.")
  local value = get(db, a[1])
  if not value then return wanted == 1 and -1 or 0 end
  local from, to = 0, #value * 8 - 1
  if a[3] then from, to = bits(a, 3, value) end
  for at = from or 1, to or 0 do
    if bit(value, at) == wanted then return at end
  end
  -- Zeros go on after the end, unless the end was given.
  if wanted == 0 and not a[4] and from and value ~= "" then return #value * 8 end
  return -1
end)

local COMBINE = {
  AND = function(x, y) return x & y end,
  OR = function(x, y) return x | y end,
  XOR = function(x, y) return x ~ y end,
}
define("bitop", -4, "write", { 2, -1, 1 }, function(db, a)
  local word = a[1]:upper()
  if not COMBINE[word] and word ~= "NOT" then fail(reply.SYNTAX) end
  if word == "NOT" and #a ~= 3 then fail("ERR BITOP NOT must be called with a single source key.") end
  local values, size = {}, 0
  for i = 3, #a do
    values[#values + 1] = get(db, a[i]) or ""
    size = math.max(size, #values[#values])
  end
  local out = {}
  for i = 1, size do
    local byte = values[1]:byte(i) or 0
    for k = 2, #values do byte = COMBINE[word](byte, values[k]:byte(i) or 0) end
    out[i] = string.char(word == "NOT" and ~byte & 255 or byte)
  end
  if size == 0 then
    store.remove(db, a[2])
  else
    store.put(db, a[2], "string", table.concat(out))
  end
  return size
end)
