-- redis.lists: a list is an array of its elements.
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"

local lists = {}
local define, ONE = store.define, store.ONE
local fail, integer, OK = reply.fail, reply.integer, reply.OK

local function get(db, key) return store.get(db, key, "list") end

local function push(name, left, only_if_there)
  define(name, -3, "write", ONE, function(db, a)
    local list, expires = get(db, a[1])
    if not list and only_if_there then return 0 end
    list = list or {}
    for i = 2, #a do table.insert(list, left and 1 or #list + 1, a[i]) end
    store.put(db, a[1], "list", list, expires)
    return #list
  end)
end
push("lpush", true, false)
push("rpush", false, false)
push("lpushx", true, true)
push("rpushx", false, true)

-- Takes an element off a list that is there.
local function take(db, key, left)
  local list, expires = get(db, key)
  if not list then return nil end
  local element = table.remove(list, left and 1 or #list)
  store.keep(db, key, "list", list, expires)
  return element
end
lists.take = take

local function pop(name, left)
  define(name, -2, "write", ONE, function(db, a)
    if #a > 2 then reply.arity(name) end
    if not a[2] then return take(db, a[1], left) or false end
    local n = reply.to_integer(a[2])
    if not n or n < 0 then fail("ERR value is out of range, must be positive") end
    local list = get(db, a[1])
    if not list then return false end
    local taken = {}
    for i = 1, math.min(n, #list) do taken[i] = take(db, a[1], left) end
    return taken
  end)
end
pop("lpop", true)
pop("rpop", false)

define("llen", 2, "read", ONE, function(db, a) return #(get(db, a[1]) or {}) end)
define("lindex", 3, "read", ONE, function(db, a)
  local list = get(db, a[1])
  if not list then return false end
  local at = integer(a[2])
  return list[at < 0 and #list + at + 1 or at + 1] or false
end)
define("lrange", 4, "read", ONE, function(db, a)
  local first, last = integer(a[2]), integer(a[3])
  local list = get(db, a[1]) or {}
  local from, to = reply.range(first, last, #list)
  return from and table.move(list, from, to, 1, {}) or {}
end)
define("ltrim", 4, "write", ONE, function(db, a)
  local first, last = integer(a[2]), integer(a[3])
  local list, expires = get(db, a[1])
  if not list then return OK end
  local from, to = reply.range(first, last, #list)
  store.keep(db, a[1], "list", from and table.move(list, from, to, 1, {}) or {}, expires)
  return OK
end)
define("lset", 4, "write", ONE, function(db, a)
  local list, expires = get(db, a[1])
  if not list then fail(reply.NO_KEY) end
  local at = integer(a[2])
  at = at < 0 and #list + at + 1 or at + 1
  if not list[at] then fail(reply.OUT_OF_RANGE) end
  list[at] = a[3]
  store.put(db, a[1], "list", list, expires)
  return OK
end)

define("linsert", 5, "write", ONE, function(db, a)
  local where = a[2]:upper()
  if where ~= "BEFORE" and where ~= "AFTER" then fail(reply.SYNTAX) end
  local list, expires = get(db, a[1])
  if not list then return 0 end
  for i, element in ipairs(list) do
    if element == a[3] then
      table.insert(list, where == "BEFORE" and i or i + 1, a[4])
      store.put(db, a[1], "list", list, expires)
      return #list
    end
  end
  return -1
end)

define("lrem", 4, "write", ONE, function(db, a)
  local n = integer(a[2])
  local list, expires = get(db, a[1])
  if not list then return 0 end
  local gone, most = 0, n == 0 and math.huge or math.abs(n)
  local i, step = n < 0 and #list or 1, n < 0 and -1 or 1
  while list[i] and gone < most do
    if list[i] == a[3] then
      table.remove(list, i)
      gone = gone + 1
      if step > 0 then i = i - 1 end
    end
    i = i + step
  end
  if gone > 0 then store.keep(db, a[1], "list", list, expires) end
  return gone
end)

local function rank_and_count(a)
  local rank, count, most = 1, nil, 0
  for i = 3, #a, 2 do
    local word = a[i]:upper()
    if not a[i + 1] then fail(reply.SYNTAX) end
    if word == "RANK" then
      rank = integer(a[i + 1])
      if rank == 0 then
        fail("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
          .. "or use negative to start from the end of the list")
      end
    elseif word == "COUNT" then
      count = reply.to_integer(a[i + 1])
      if not count or count < 0 then fail("ERR COUNT can't be negative") end
    elseif word == "MAXLEN" then
      most = reply.to_integer(a[i + 1])
      if not most or most < 0 then fail("ERR MAXLEN can't be negative") end
    else
      fail(reply.SYNTAX)
    end
  end
  return rank, count, most
end
define("lpos", -3, "read", ONE, function(db, a)
  local rank, count, most = rank_and_count(a)
  local list = get(db, a[1]) or {}
  local found, seen = {}, 0
  local from, to, step = 1, #list, 1
  if rank < 0 then from, to, step = #list, 1, -1 end
  if most > 0 then to = step > 0 and math.min(to, most) or math.max(1, #list - most + 1) end
  local wanted = count == 0 and math.huge or count or 1
  for i = from, to, step do
    if list[i] == a[2] then
      seen = seen + 1
      if seen >= math.abs(rank) then found[#found + 1] = i - 1 end
      if #found >= wanted then break end
    end
  end
  if count then return found end
  return found[1] or false
end)

-- ---- from one to another ----

local SIDES = { LEFT = true, RIGHT = false }
function lists.side(text)
  local left = SIDES[text:upper()]
  if left == nil then fail(reply.SYNTAX) end
  return left
end

-- The element, or false.
function lists.move(db, from, to, off_left, on_left)
  if not get(db, from) then return false end
  get(db, to)
  local element = take(db, from, off_left)
  local list, expires = get(db, to)
  list = list or {}
  table.insert(list, on_left and 1 or #list + 1, element)
  store.put(db, to, "list", list, expires)
  return element
end
define("rpoplpush", 3, "write", { 1, 2, 1 }, function(db, a) return lists.move(db, a[1], a[2], false, true) end)
define("lmove", 5, "write", { 1, 2, 1 }, function(db, a)
  return lists.move(db, a[1], a[2], lists.side(a[3]), lists.side(a[4]))
end)

return lists
