-- redis.zranges: parts of sorted sets, by rank, by score and by member.
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local zsets = require "lockstep.redis.zsets"

local define, ONE = store.define, store.ONE
local fail, integer = reply.fail, reply.integer

-- A limit of a range of scores, "(1.5" or "-inf".
local function score_limit(text)
  local open = text:sub(1, 1) == "("
  local problem = "ERR min or max is not a float"
  local number = open and text:sub(2) or text
  return { at = number == "" and 0.0 or reply.float(number, problem), open = open }
end
local function by_score(min, max)
  local low, high = score_limit(min), score_limit(max)
  return {
    above = function(entry) return entry[2] > low.at or (not low.open and entry[2] == low.at) end,
    below = function(entry) return entry[2] < high.at or (not high.open and entry[2] == high.at) end,
  }
end

-- A limit of a range of members: "[a", "(a", "-", "+".
local function member_limit(text)
  if text == "-" or text == "+" then return { whole = text } end
  local first = text:sub(1, 1)
  if first ~= "[" and first ~= "(" then fail("ERR min or max not valid string range item") end
  return { at = text:sub(2), open = first == "(" }
end
local function by_member(min, max)
  local low, high = member_limit(min), member_limit(max)
  return {
    above = function(entry)
      return low.whole == "-" or (not low.whole and (entry[1] > low.at or (not low.open and entry[1] == low.at)))
    end,
    below = function(entry)
      return high.whole == "+" or (not high.whole and (entry[1] < high.at or (not high.open and entry[1] == high.at)))
    end,
    empty = low.at and high.at and (low.at > high.at or (low.at == high.at and (low.open or high.open))),
  }
end

-- Those within the limits, from the other end if `reversed`, without the first `offset` and at most `limit` (negative:
-- all). Walks as Redis does, from the first within one limit until the other is passed: of members whose scores differ
-- their order is none of the limits', and what such a range holds depends on the walk.
local function select_by(zset, limits, reversed, offset, limit)
  local found, size = {}, #zset
  if size == 0 or offset < 0 or limits.empty or not limits.above(zset[size]) or not limits.below(zset[1]) then
    return found
  end
  local enters, goes_on = limits.above, limits.below
  local i, step = 1, 1
  if reversed then enters, goes_on, i, step = limits.below, limits.above, size, -1 end
  while zset[i] and not enters(zset[i]) do i = i + step end
  while zset[i] and goes_on(zset[i]) and (limit < 0 or #found < limit) do
    if offset > 0 then
      offset = offset - 1
    else
      found[#found + 1] = zset[i]
    end
    i = i + step
  end
  return found
end
local function by_rank(zset, first, last, reversed)
  local from, to = reply.range(first, last, #zset)
  local found = {}
  for i = from or 1, to or 0 do found[#found + 1] = zset[reversed and #zset - i + 1 or i] end
  return found
end

local function shown(entries, scores)
  local list = {}
  for _, entry in ipairs(entries) do
    list[#list + 1] = entry[1]
    if scores then list[#list + 1] = reply.score(entry[2]) end
  end
  return list
end

-- ZRANGE with its options from number `from` on; those of the older commands are given.
local function parse(a, from, o)
  o.offset, o.limit = 0, -1
  local i = from
  while a[i] do
    local word = a[i]:upper()
    if word == "WITHSCORES" and not o.to then
      o.scores = true
    elseif word == "LIMIT" and a[i + 2] then
      o.offset, o.limit = integer(a[i + 1]), integer(a[i + 2])
      i = i + 2
    elseif word == "REV" and o.any then
      o.reversed = true
    elseif (word == "BYSCORE" or word == "BYLEX") and o.any and not o.by then
      o.by = word
    else
      fail(reply.SYNTAX)
    end
    i = i + 1
  end
  if o.limit ~= -1 and not o.by then
    fail("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
  end
  if o.scores and o.by == "BYLEX" then fail("ERR syntax error, WITHSCORES not supported in combination with BYLEX") end
end

local function entries(db, key, min, max, o)
  if not o.by then
    local first, last = integer(min), integer(max)
    return by_rank(zsets.get(db, key) or {}, first, last, o.reversed)
  end
  if o.reversed then min, max = max, min end
  local limits = (o.by == "BYSCORE" and by_score or by_member)(min, max)
  return select_by(zsets.get(db, key) or {}, limits, o.reversed, o.offset, o.limit)
end

local function range(name, by, reversed, any)
  define(name, -4, "read", ONE, function(db, a)
    local o = { by = by, reversed = reversed, any = any }
    parse(a, 4, o)
    return shown(entries(db, a[1], a[2], a[3], o), o.scores)
  end)
end
range("zrange", nil, false, true)
range("zrevrange", nil, true)
range("zrangebyscore", "BYSCORE", false)
range("zrevrangebyscore", "BYSCORE", true)
range("zrangebylex", "BYLEX", false)
range("zrevrangebylex", "BYLEX", true)

define("zrangestore", -5, "write", { 1, 2, 1 }, function(db, a)
  local o = { any = true, to = true }
  parse(a, 5, o)
  local found = entries(db, a[2], a[3], a[4], o)
  local zset = {}
  for _, entry in ipairs(found) do zsets.set(zset, entry[1], entry[2]) end
  store.keep(db, a[1], "zset", zset)
  return #zset
end)

for name, by in pairs({ zcount = by_score, zlexcount = by_member }) do
  define(name, 4, "read", ONE, function(db, a)
    local limits = by(a[2], a[3])
    return #select_by(zsets.get(db, a[1]) or {}, limits, false, 0, -1)
  end)
end

for name, by in pairs({ zremrangebyscore = "BYSCORE", zremrangebylex = "BYLEX", zremrangebyrank = false }) do
  define(name, 4, "write", ONE, function(db, a)
    local found = entries(db, a[1], a[2], a[3], { by = by or nil, offset = 0, limit = -1 })
    local zset, expires = zsets.get(db, a[1])
    for _, entry in ipairs(found) do table.remove(zset, zsets.rank(zset, entry[1])) end
    if #found > 0 then store.keep(db, a[1], "zset", zset, expires) end
    return #found
  end)
end
