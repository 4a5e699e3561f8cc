-- redis.faults: what goes wrong around a server, as choices: a client dies between two commands, a reply is lost after the
-- command took effect, a replica that lacks the last writes takes over, a key is evicted.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local core = require "lockstep.host_core"

local faults = {}
local LOG = { "log" }
local failed_over = ets.operation("redis.fail_over")
local look = ets.operation("redis.names")

-- ---- of a connection: options of connect ----

-- Before a command: does the process end here? Not as a crash: nobody is told but who monitors it.
function faults.before(connection)
  if connection.dies and lockstep.choose({ "goes on", "dies" }) == "dies" then lockstep.exit("shutdown") end
end

-- After it: does the reply arrive?
function faults.after(connection)
  if connection.lost_replies == 0 or lockstep.choose({ "replied", "lost" }) == "replied" then return end
  connection.lost_replies = connection.lost_replies - 1
  reply.fail("Connection lost")
end

-- ---- of a replicated server ----

faults.LOG = LOG

-- How to take back a write that a replica lacks: the rows that it found, in its order; commands of a transaction one by one.
function faults.log(db)
  local before = db.before
  db.before = nil
  if #before == 0 then return end
  local log = store.internal(db, LOG) or {}
  log[#log + 1] = before
  store.put_internal(db, LOG, log)
end

local UNBLOCKED =
  { err = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)" }

-- What is of connections goes with them: who waits is told, once; nobody watches or subscribes any more. A replica has
-- not seen scripts.
local function disconnect(db)
  local told = {}
  for _, row in ipairs(ets.tab2list(db.table)) do
    local key = row[1]
    if type(key) == "table" then
      if key[1] == "subscribers" or key[1] == "script" then ets.delete(db.table, key) end
    elseif row[5] or row[6] then
      for _, waiter in ipairs(row[6] or {}) do
        if not told[waiter.ref] then store.deliver(db, waiter.pid, { waiter.ref, UNBLOCKED }) end
        told[waiter.ref] = true
      end
      if row[2] then ets.insert(db.table, { key, row[2], row[3], row[4] }) else ets.delete(db.table, key) end
    end
  end
end

local function take_over(db, lost)
  local log = store.internal(db, LOG) or {}
  lost = math.min(lost, #log)
  disconnect(db)
  for _ = 1, lost do
    local before = table.remove(log)
    for i = #before, 1, -1 do
      local row = before[i]
      if row[2] then ets.insert(db.table, { row }) else ets.delete(db.table, row[1]) end
    end
  end
  store.put_internal(db, LOG, log)
  return lost
end

-- A replica takes over that lacks the last `lost` writes. Returns how many there were.
function faults.fail_over(server, connection, lost)
  if not server.replicated then lockstep.error("fail_over: the server has no replica: redis.server{replicated = true}") end
  if math.type(lost) ~= "integer" or lost < 0 then lockstep.error("fail_over: how many writes are lost, from 0") end
  local db = { table = server.table, connection = connection }
  if core.keeps_requests() then core.keep_request(server.table, connection, { name = "fail_over" }, true, false) end
  lost = failed_over(server.table, { write = "all", clock = true }, take_over, db, lost)
  store.send(db)
  return lost
end

-- ---- eviction ----

-- Any key goes, as when memory is full; its name, or nil if there is none.
function faults.evict(server, connection)
  local names = look(server.table, { read = "all", clock = true }, store.names, { table = server.table })
  if #names == 0 then return nil end
  local name = lockstep.choose(names)
  connection:del(name)
  return name
end

return faults
