-- redis.store: keys in a table of ets, as commands see them. A row is {key, type, value, expires, watchers, waiters};
-- what is not there at its end is left out, what is not there before that is false. A row without a type is no key:
-- somebody waits for one. Everything here runs inside one ets.transaction, whose footprint is the command's keys.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local reply = require "lockstep.redis.reply"

local store = {}
local lookup, insert, now = ets.lookup, ets.insert, lockstep.now

-- What a replica that lacks the command under way has instead of a row; not who waits or watches, which is of connections.
local LOCAL = { log = true, subscribers = true, script = true }
local function keep(db, key)
  local before = db.before
  if not before then return end
  local row = lookup(db.table, key)[1]
  before[#before + 1] = row and row[2] and { key, row[2], row[3], row[4] } or { key }
end

-- The row of a key that is there; else nil and what is left of one, if anything.
function store.row(db, key)
  local row = lookup(db.table, key)[1]
  if not row then return nil end
  if row[2] and not (row[4] and row[4] <= now()) then return row end
  return nil, row
end

-- The value of a key and when it expires; nil if there is no such key.
function store.get(db, key, kind)
  local row, left = store.row(db, key)
  if not row then return nil, nil, left end
  if row[2] ~= kind then reply.fail(reply.WRONGTYPE) end
  return row[3], row[4], row
end

-- Keeps who waits for the key; who watches it finds that it has changed, since nobody does any more.
function store.put(db, key, kind, value, expires)
  keep(db, key)
  local old = lookup(db.table, key)[1]
  local waiters = old and old[6]
  if waiters then
    insert(db.table, { key, kind, value, expires or false, false, waiters })
    db.ready = db.ready or {}
    db.ready[#db.ready + 1] = key
  elseif expires then
    insert(db.table, { key, kind, value, expires })
  else
    insert(db.table, { key, kind, value })
  end
end

-- False if there was no such key.
function store.remove(db, key)
  local row, left = store.row(db, key)
  if left and not left[2] then return false end -- somebody waits for it, or watches it
  local old = row or left
  if old then keep(db, key) end
  if old and old[6] then
    insert(db.table, { key, false, false, false, false, old[6] })
  elseif old then
    ets.delete(db.table, key)
  end
  return row ~= nil
end

-- A list, set and so on that has become empty is no key any more.
function store.keep(db, key, kind, value, expires)
  if next(value) == nil then return store.remove(db, key) end
  store.put(db, key, kind, value, expires)
end

-- ---- what is no key: rows whose key is an array ----

function store.internal(db, key)
  local row = lookup(db.table, key)[1]
  return row and row[2]
end
-- In a list, since an object of arrays alone would be taken for one.
function store.put_internal(db, key, value)
  if not LOCAL[key[1]] then keep(db, key) end
  insert(db.table, { { key, value } })
end
-- All rows of one kind.
function store.remove_internal(db, kind)
  for _, row in ipairs(ets.tab2list(db.table)) do
    if type(row[1]) == "table" and row[1][1] == kind then ets.delete(db.table, row[1]) end
  end
end

-- A message that is sent when the operation is over.
function store.deliver(db, pid, message)
  db.deliveries = db.deliveries or {}
  db.deliveries[#db.deliveries + 1] = { pid, message }
end

-- When it is over.
function store.send(db)
  for _, d in ipairs(db.deliveries or {}) do lockstep.send(d[1], d[2]) end
end

-- Names of all keys, in their order.
function store.names(db)
  local names = {}
  for _, row in ipairs(ets.tab2list(db.table)) do
    if type(row[1]) == "string" and row[2] and not (row[4] and row[4] <= now()) then names[#names + 1] = row[1] end
  end
  return names
end

-- ---- commands ----

store.commands = {}

-- Arity counts the command's own name; a negative one is a minimum. `keys` is {first, last, step} among the arguments,
-- a function of them that returns a list, "all", or nothing; `access` is "read" or "write".
function store.define(name, arity, access, keys, run)
  store.commands[name] = { name = name, arity = arity, access = access, keys = keys, run = run } -- lint: allow file-level-write (called while files load)
end

store.ONE, store.EACH = { 1, 1, 1 }, { 1, -1, 1 }

return store
