-- redis.zsets: a sorted set is an array of {member, score}, by score and then by member.
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local hashes = require "lockstep.redis.hashes"

local zsets = {}
local define, ONE = store.define, store.ONE
local fail = reply.fail

local function get(db, key) return store.get(db, key, "zset") end
zsets.get = get

function zsets.rank(zset, member)
  for i, entry in ipairs(zset) do
    if entry[1] == member then return i end
  end
end
local rank = zsets.rank

function zsets.set(zset, member, score)
  local at = rank(zset, member)
  if at then table.remove(zset, at) end
  local i = 1
  while zset[i] and (zset[i][2] < score or (zset[i][2] == score and zset[i][1] < member)) do i = i + 1 end
  table.insert(zset, i, { member, score })
end

-- ---- ZADD ----

local FLAGS = { NX = true, XX = true, GT = true, LT = true, CH = true, INCR = true }

local function flags_of(a)
  local found, i = {}, 2
  while a[i] and FLAGS[a[i]:upper()] do
    found[a[i]:upper()] = true
    i = i + 1
  end
  local n = #a - i + 1
  if n == 0 or n % 2 == 1 then fail(reply.SYNTAX) end
  if found.NX and found.XX then fail("ERR XX and NX options at the same time are not compatible") end
  if (found.GT and found.NX) or (found.LT and found.NX) or (found.GT and found.LT) then
    fail("ERR GT, LT, and/or NX options at the same time are not compatible")
  end
  if found.INCR and n > 2 then fail("ERR INCR option supports a single increment-element pair") end
  return found, i
end

-- The score that the member has then, or nil if the flags forbid it; whether it is new; whether it changed.
local function add(zset, found, member, score)
  local at = rank(zset, member)
  if not at then
    if found.XX then return nil end
    zsets.set(zset, member, score)
    return score, true, true
  end
  local old = zset[at][2]
  if found.NX then return nil end
  if found.INCR then
    score = old + score
    if score ~= score then fail("ERR resulting score is not a number (NaN)") end
  end
  if (found.GT and score <= old) or (found.LT and score >= old) then return nil end
  if score ~= old then zsets.set(zset, member, score) end
  return score, false, score ~= old
end

local function zadd(db, a, found, from)
  local scores = {}
  for i = from, #a, 2 do scores[i] = reply.float(a[i]) end
  local zset, expires = get(db, a[1])
  zset = zset or {}
  local new, changed, last = 0, 0, nil
  for i = from, #a, 2 do
    local score, is_new, is_changed = add(zset, found, a[i + 1], scores[i])
    last = score
    if is_new then new = new + 1 end
    if is_changed then changed = changed + 1 end
  end
  if changed > 0 then store.put(db, a[1], "zset", zset, expires) end
  if found.INCR then return last and reply.score(last) or false end
  return found.CH and changed or new
end
define("zadd", -4, "write", ONE, function(db, a)
  local found, from = flags_of(a)
  return zadd(db, a, found, from)
end)
define("zincrby", 4, "write", ONE, function(db, a) return zadd(db, a, { INCR = true }, 2) end)

-- ---- single members ----

define("zrem", -3, "write", ONE, function(db, a)
  local zset, expires = get(db, a[1])
  local gone = 0
  for n = 2, #a do
    local at = rank(zset or {}, a[n])
    if at then
      table.remove(zset, at)
      gone = gone + 1
    end
  end
  if gone > 0 then store.keep(db, a[1], "zset", zset, expires) end
  return gone
end)
define("zcard", 2, "read", ONE, function(db, a) return #(get(db, a[1]) or {}) end)
define("zscore", 3, "read", ONE, function(db, a)
  local zset = get(db, a[1]) or {}
  local at = rank(zset, a[2])
  return at and reply.score(zset[at][2]) or false
end)
define("zmscore", -3, "read", ONE, function(db, a)
  local zset, scores = get(db, a[1]) or {}, {}
  for n = 2, #a do
    local at = rank(zset, a[n])
    scores[n - 1] = at and reply.score(zset[at][2]) or false
  end
  return scores
end)
define("zrank", 3, "read", ONE, function(db, a)
  local at = rank(get(db, a[1]) or {}, a[2])
  return at and at - 1 or false
end)
define("zrevrank", 3, "read", ONE, function(db, a)
  local zset = get(db, a[1]) or {}
  local at = rank(zset, a[2])
  return at and #zset - at or false
end)

-- ---- the ends ----

-- Takes up to n off one end: {member, score, member, score ...}.
function zsets.pop(db, key, n, highest)
  local zset, expires = get(db, key)
  local taken = {}
  for _ = 1, math.min(n, #(zset or {})) do
    local entry = table.remove(zset, highest and #zset or 1)
    taken[#taken + 1], taken[#taken + 2] = entry[1], reply.score(entry[2])
  end
  if #taken > 0 then store.keep(db, key, "zset", zset, expires) end
  return taken
end
for name, highest in pairs({ zpopmin = false, zpopmax = true }) do
  define(name, -2, "write", ONE, function(db, a)
    if #a > 2 then fail(reply.SYNTAX) end
    local n = reply.to_integer(a[2] or "1")
    if not n or n < 0 then fail("ERR value is out of range, must be positive") end
    return zsets.pop(db, a[1], n, highest)
  end)
end

define("zscan", -3, "read", ONE, function(db, a)
  local flat = {}
  for _, entry in ipairs(get(db, a[1]) or {}) do
    flat[#flat + 1], flat[#flat + 2] = entry[1], reply.score(entry[2])
  end
  return hashes.scan(a, flat, 2)
end)

return zsets
