-- redis.sets: a set is a sorted array of its members, so that its order depends on nothing else.
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local hashes = require "lockstep.redis.hashes"

local sets = {}
local define, ONE, EACH = store.define, store.ONE, store.EACH
local fail, integer = reply.fail, reply.integer

local function get(db, key) return store.get(db, key, "set") end

-- Where the member is, or else would be; and whether it is there.
local function place(set, member)
  for i, other in ipairs(set) do
    if other == member then return i, true end
    if other > member then return i, false end
  end
  return #set + 1, false
end
local function has(set, member) return select(2, place(set, member)) end
local function add(set, member)
  local i, there = place(set, member)
  if not there then table.insert(set, i, member) end
  return not there
end

define("sadd", -3, "write", ONE, function(db, a)
  local set, expires = get(db, a[1])
  set = set or {}
  local new = 0
  for i = 2, #a do
    if add(set, a[i]) then new = new + 1 end
  end
  if new > 0 then store.put(db, a[1], "set", set, expires) end
  return new
end)
define("srem", -3, "write", ONE, function(db, a)
  local set, expires = get(db, a[1])
  local gone = 0
  for n = 2, #a do
    local i, there = place(set or {}, a[n])
    if there then
      table.remove(set, i)
      gone = gone + 1
    end
  end
  if gone > 0 then store.keep(db, a[1], "set", set, expires) end
  return gone
end)
define("scard", 2, "read", ONE, function(db, a) return #(get(db, a[1]) or {}) end)
define("sismember", 3, "read", ONE, function(db, a) return has(get(db, a[1]) or {}, a[2]) and 1 or 0 end)
define("smismember", -3, "read", ONE, function(db, a)
  local set, found = get(db, a[1]) or {}, {}
  for i = 2, #a do found[i - 1] = has(set, a[i]) and 1 or 0 end
  return found
end)
define("smembers", 2, "read", ONE, function(db, a) return get(db, a[1]) or {} end)
define("sscan", -3, "read", ONE, function(db, a) return hashes.scan(a, get(db, a[1]) or {}, 1) end)

define("smove", 4, "write", { 1, 2, 1 }, function(db, a)
  local from, expires = get(db, a[1])
  if not from then return 0 end
  local to, to_expires = get(db, a[2])
  local i, there = place(from, a[3])
  if not there then return 0 end
  if a[1] == a[2] then return 1 end
  table.remove(from, i)
  store.keep(db, a[1], "set", from, expires)
  to = to or {}
  add(to, a[3])
  store.put(db, a[2], "set", to, to_expires)
  return 1
end)

-- ---- any member: drawn at random from the process's own stream ----

define("spop", -2, "write", ONE, function(db, a)
  if #a > 2 then fail(reply.SYNTAX) end
  local n = a[2] and (reply.to_integer(a[2]) or -1)
  if n and n < 0 then fail("ERR value is out of range, must be positive") end
  local set, expires = get(db, a[1])
  if not set then return n and {} or false end
  local taken = {}
  for i = 1, math.min(n or 1, #set) do taken[i] = table.remove(set, math.random(1, #set)) end
  if #taken > 0 then store.keep(db, a[1], "set", set, expires) end
  return n and taken or taken[1]
end)

define("srandmember", -2, "read", ONE, function(db, a)
  if #a > 2 then fail(reply.SYNTAX) end
  local n = a[2] and integer(a[2])
  local set = get(db, a[1])
  if not set then return n and {} or false end
  if not n then return set[math.random(1, #set)] end
  local chosen = {}
  for i = 1, n < 0 and -n or math.min(n, #set) do
    local at = math.random(1, #set)
    chosen[i] = set[at]
    if n > 0 then table.remove(set, at) end
  end
  return chosen
end)

-- ---- of several sets ----

local combine = {}
function combine.inter(all)
  local out = {}
  for _, member in ipairs(all[1]) do
    local everywhere = true
    for i = 2, #all do everywhere = everywhere and has(all[i], member) end
    if everywhere then out[#out + 1] = member end
  end
  return out
end
function combine.diff(all)
  local out = {}
  for _, member in ipairs(all[1]) do
    local elsewhere = false
    for i = 2, #all do elsewhere = elsewhere or has(all[i], member) end
    if not elsewhere then out[#out + 1] = member end
  end
  return out
end
function combine.union(all)
  local out = {}
  for _, set in ipairs(all) do
    for _, member in ipairs(set) do add(out, member) end
  end
  return out
end

local function all_of(db, a, from, to)
  local all = {}
  for i = from, to or #a do all[#all + 1] = get(db, a[i]) or {} end
  return all
end
for _, kind in ipairs({ "inter", "diff", "union" }) do
  define("s" .. kind, -2, "read", EACH, function(db, a) return combine[kind](all_of(db, a, 1)) end)
  define("s" .. kind .. "store", -3, "write", EACH, function(db, a)
    local result = combine[kind](all_of(db, a, 2))
    store.keep(db, a[1], "set", result)
    return #result
  end)
end

-- The keys of a command whose argument number `at` says how many follow it.
function sets.counted(at)
  return function(a)
    local n, list = reply.to_integer(a[at] or "") or 0, {}
    for i = at + 1, math.min(at + n, #a) do list[#list + 1] = a[i] end
    return list
  end
end
define("sintercard", -3, "read", sets.counted(1), function(db, a)
  local n, most = reply.to_integer(a[1]), 0
  if not n or n <= 0 then fail("ERR numkeys should be greater than 0") end
  if n > #a - 1 then fail("ERR Number of keys can't be greater than number of args") end
  for i = n + 2, #a, 2 do
    if a[i]:upper() ~= "LIMIT" or not a[i + 1] then fail(reply.SYNTAX) end
    most = reply.to_integer(a[i + 1])
    if not most or most < 0 then fail("ERR LIMIT can't be negative") end
  end
  local size = #combine.inter(all_of(db, a, 2, n + 1))
  return most > 0 and math.min(most, size) or size
end)

return sets
