-- redis.blocking: commands that wait. Who finds nothing leaves itself at its keys; who adds to one of them runs the
-- first waiting command again in the same operation, and tells its process afterwards.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local lists = require "lockstep.redis.lists"
local faults = require "lockstep.redis.faults"
local zsets = require "lockstep.redis.zsets"

local blocking = {}
local define, fail = store.define, reply.fail

-- Commands that may serve somebody who waits: their footprint is what those touch, too.
blocking.WAKES = { lpush = true, rpush = true, lpushx = true, rpushx = true, linsert = true, lmove = true,
  rpoplpush = true, blmove = true, brpoplpush = true, zadd = true, zincrby = true, zrangestore = true, rename = true,
  renamenx = true, copy = true, eval = true, evalsha = true, fcall = true, exec = true }

-- ---- the waiting ----

-- Keys of waiters at `keys` that are not among them: they have to be announced, too. Nil if there are none.
function blocking.missing(db, keys)
  local announced, more = {}, nil
  for _, key in ipairs(keys) do
    if type(key) == "string" then announced[key] = true end
  end
  for _, key in ipairs(keys) do
    local row = ets.lookup(db.table, key)[1]
    for _, waiter in ipairs(type(key) == "string" and row and row[6] or {}) do
      for _, other in ipairs(waiter.keys) do
        if not announced[other] then
          announced[other], more = true, more or {}
          more[#more + 1] = other
        end
      end
    end
  end
  return more
end

function blocking.wait(db, name, args, keys)
  local own = {}
  for _, key in ipairs(keys) do
    if type(key) == "string" then own[#own + 1] = key end -- not what is announced beside them
  end
  keys = own
  local waiter = { pid = lockstep.self(), ref = lockstep.make_ref(), name = name, args = { table.unpack(args) },
    keys = keys }
  for _, key in ipairs(keys) do
    local row = ets.lookup(db.table, key)[1] or { key, false, false, false, false }
    for i = 4, 5 do row[i] = row[i] or false end
    local waiters = row[6] or {}
    waiters[#waiters + 1] = waiter
    row[6] = waiters
    ets.insert(db.table, row)
  end
  return waiter.ref
end

-- Takes the waiter off its keys; false if it was not there any more.
function blocking.leave(db, ref, keys)
  local found = false
  for _, key in ipairs(keys) do
    local row = type(key) == "string" and ets.lookup(db.table, key)[1]
    local left = {}
    for _, waiter in ipairs(row and row[6] or {}) do
      if waiter.ref == ref then found = true else left[#left + 1] = waiter end
    end
    if row and row[6] and #left < #row[6] then
      row[6] = #left > 0 and left or nil
      if row[2] or row[5] or row[6] then ets.insert(db.table, row) else ets.delete(db.table, key) end
    end
  end
  return found
end

local function serve_key(db, key)
  local row = ets.lookup(db.table, key)[1]
  for _, waiter in ipairs(row and row[6] or {}) do
    if db.connection.replicated then db.before = {} end
    local good, value = pcall(store.commands[waiter.name].run, db, waiter.args)
    if db.before then faults.log(db) end
    if good and value then
      blocking.leave(db, waiter.ref, waiter.keys)
      store.deliver(db, waiter.pid, { waiter.ref, value })
      return true
    end
  end
  return false
end
-- Whoever waits for what has been added, first come, first served.
function blocking.serve(db)
  while db.ready and #db.ready > 0 do
    local key = table.remove(db.ready, 1)
    while serve_key(db, key) do end
  end
end

-- ---- the commands ----

-- ms; nil for ever.
function blocking.timeout(text)
  local seconds = reply.float(text, "ERR timeout is not a float or out of range")
  if seconds < 0 then fail("ERR timeout is negative") end
  if seconds > 1e12 then fail("ERR timeout is out of range") end
  return seconds > 0 and math.ceil(seconds * 1000) or nil
end

-- timeout_at: number of the argument, negative from the end.
local function blocks(name, arity, keys, timeout_at, run)
  define(name, arity, "write", keys, function(db, a)
    blocking.timeout(a[timeout_at < 0 and #a + timeout_at + 1 or timeout_at])
    return run(db, a)
  end)
  store.commands[name].timeout_at = timeout_at -- lint: allow file-level-write (called while files load)
end

local BUT_LAST = { 1, -2, 1 }
for name, left in pairs({ blpop = true, brpop = false }) do
  blocks(name, -3, BUT_LAST, -1, function(db, a)
    for i = 1, #a - 1 do
      local element = lists.take(db, a[i], left)
      if element then return { a[i], element } end
    end
    return false
  end)
end
blocks("brpoplpush", 4, { 1, 2, 1 }, -1, function(db, a) return lists.move(db, a[1], a[2], false, true) end)
blocks("blmove", 6, { 1, 2, 1 }, -1, function(db, a)
  return lists.move(db, a[1], a[2], lists.side(a[3]), lists.side(a[4]))
end)
for name, highest in pairs({ bzpopmin = false, bzpopmax = true }) do
  blocks(name, -3, BUT_LAST, -1, function(db, a)
    for i = 1, #a - 1 do
      local taken = zsets.pop(db, a[i], 1, highest)
      if taken[1] then return { a[i], taken[1], taken[2] } end
    end
    return false
  end)
end

return blocking
