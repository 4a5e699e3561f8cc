-- redis.transactions: MULTI, EXEC and WATCH. A key's row knows who watches it until it is changed.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local faults = require "lockstep.redis.faults"

local transactions = {}
local define, fail, OK = store.define, reply.fail, reply.OK

-- What is not queued after MULTI.
transactions.AT_ONCE = { exec = true, discard = true, multi = true, watch = true, unwatch = true }

-- Only told to the connection: no operation of the server's.
transactions.LOCAL = {
  multi = function(connection)
    if connection.queue then fail("ERR MULTI calls can not be nested") end
    connection.queue = {}
    return OK
  end,
  discard = function(connection)
    if not connection.queue then fail("ERR DISCARD without MULTI") end
    transactions.forget(connection)
    return OK
  end,
  unwatch = function(connection)
    if connection.queue then return false end
    connection.watched = nil
    return OK
  end,
}
function transactions.forget(connection)
  connection.queue, connection.aborted, connection.watched = nil, nil, nil
end

local function watched_keys(a, connection)
  if connection.queue then fail("ERR WATCH inside MULTI is not allowed") end
  return a
end
define("multi", 1, "read", nil, function() return OK end)
define("discard", 1, "read", nil, function() return OK end)
define("unwatch", 1, "read", nil, function() return OK end)

define("watch", -2, "write", watched_keys, function(db, a)
  local connection = db.connection
  connection.id = connection.id or lockstep.make_ref()
  connection.watched = connection.watched or {}
  for _, key in ipairs(a) do
    local row, left = store.row(db, key)
    if not row then row = { key, false, false, false, left and not left[2] and left[5] or false, left and left[6] } end
    row[4] = row[4] or false
    local watchers, known = row[5] or {}, false
    for _, id in ipairs(watchers) do known = known or id == connection.id end
    if not known then watchers[#watchers + 1] = connection.id end
    row[5] = watchers
    ets.insert(db.table, row)
    connection.watched[#connection.watched + 1] = key
  end
  return OK
end)

local function unchanged(db, key)
  local row = ets.lookup(db.table, key)[1]
  if not row or not row[5] or (row[2] and row[4] and row[4] <= lockstep.now()) then return false end
  for _, id in ipairs(row[5]) do
    if id == db.connection.id then return true end
  end
  return false
end

define("exec", 1, "write", function(_, connection, keys_of)
  local keys = {}
  for _, key in ipairs(connection.watched or {}) do keys[#keys + 1] = key end
  for _, queued in ipairs(connection.queue or {}) do
    local more, reads = keys_of(queued.command, queued.args, {}, connection)
    if more == "all" then return "all" end
    for _, key in ipairs(more) do keys[#keys + 1] = key end
    for _, key in ipairs(reads or {}) do keys[#keys + 1] = key end
  end
  return keys
end, function(db)
  local connection = db.connection
  if not connection.queue then fail("ERR EXEC without MULTI") end
  local queue, watched = connection.queue, connection.watched or {}
  local aborted = connection.aborted
  transactions.forget(connection)
  if aborted then fail("EXECABORT Transaction discarded because of previous errors.") end
  for _, key in ipairs(watched) do
    if not unchanged(db, key) then return false end
  end
  local replies = {}
  for i, queued in ipairs(queue) do
    if connection.replicated then db.before = {} end
    local good, value = pcall(queued.command.run, db, queued.args)
    if db.before then faults.log(db) end
    if not good and not (type(value) == "table" and value.err) then error(value, 0) end
    replies[i] = value
  end
  return replies
end)

return transactions
