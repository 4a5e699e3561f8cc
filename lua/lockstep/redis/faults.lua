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

-- What a replica has to do to follow; commands of a transaction one by one.
function faults.log(db, name, args)
  local log = store.internal(db, LOG) or {}
  log[#log + 1] = { name, { table.unpack(args) } }
  store.put_internal(db, LOG, log)
end

local function rebuild(db, lost)
  local log = store.internal(db, LOG) or {}
  lost = math.min(lost, #log)
  for _, row in ipairs(ets.tab2list(db.table)) do ets.delete(db.table, row[1]) end
  for i = 1, #log - lost do pcall(store.commands[log[i][1]].run, db, log[i][2]) end
  for _ = 1, lost do table.remove(log) end
  store.put_internal(db, LOG, log)
  return lost
end

-- A replica takes over that lacks the last `lost` writes. Returns how many there were.
function faults.fail_over(server, connection, lost)
  if not server.replicated then lockstep.error("fail_over: the server has no replica: redis.server{replicated = true}") end
  if math.type(lost) ~= "integer" or lost < 0 then lockstep.error("fail_over: how many writes are lost, from 0") end
  local db = { table = server.table, connection = connection }
  if core.keeps_requests() then core.keep_request(server.table, connection, { name = "fail_over" }, true, false) end
  return failed_over(server.table, { write = "all", clock = true }, rebuild, db, lost)
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
