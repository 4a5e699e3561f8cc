-- redis.pubsub: SUBSCRIBE and PUBLISH. A message goes to the mailbox of each subscriber's process.
local lockstep = require "lockstep"
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local glob = require "lockstep.redis.glob"

local define = store.define
local ROW = { "subscribers" }
local function row() return { ROW } end

-- {kind, channel or pattern, connection's id, pid} in the order in which they came.
local function subscribers(db) return store.internal(db, ROW) or {} end

local function count(list, id)
  local n = 0
  for _, s in ipairs(list) do
    if s[3] == id then n = n + 1 end
  end
  return n
end

for name, kind in pairs({ subscribe = "message", psubscribe = "pmessage" }) do
  define(name, -2, "write", row, function(db, a)
    local connection, list, told = db.connection, subscribers(db), {}
    connection.id = connection.id or lockstep.make_ref()
    for _, channel in ipairs(a) do
      local known = false
      for _, s in ipairs(list) do known = known or (s[1] == kind and s[2] == channel and s[3] == connection.id) end
      if not known then list[#list + 1] = { kind, channel, connection.id, lockstep.self() } end
      told = { name, channel, count(list, connection.id) }
    end
    store.put_internal(db, ROW, list)
    return told
  end)
end

for name, kind in pairs({ unsubscribe = "message", punsubscribe = "pmessage" }) do
  define(name, -1, "write", row, function(db, a)
    local id, left = db.connection.id, {}
    for _, s in ipairs(subscribers(db)) do
      local named = #a == 0
      for _, channel in ipairs(a) do named = named or s[2] == channel end
      if not (s[1] == kind and s[3] == id and named) then left[#left + 1] = s end
    end
    store.put_internal(db, ROW, left)
    return { name, a[#a] or false, count(left, id) }
  end)
end

define("publish", 3, "read", row, function(db, a)
  local n = 0
  for _, s in ipairs(subscribers(db)) do
    local message
    if s[1] == "message" and s[2] == a[1] then
      message = { "message", a[1], a[2] }
    elseif s[1] == "pmessage" and glob.matches(s[2], a[1]) then
      message = { "pmessage", s[2], a[1], a[2] }
    end
    if message then
      store.deliver(db, s[4], { s[3], message })
      n = n + 1
    end
  end
  return n
end)

define("ping", -1, "read", nil, function(_, a)
  if #a > 1 then reply.arity("ping") end
  return a[1] or { ok = "PONG" }
end)
define("echo", 2, "read", nil, function(_, a) return a[1] end)
define("select", 2, "read", nil, function(_, a)
  if a[1] ~= "0" then reply.fail("ERR DB index is out of range") end
  return reply.OK
end)
-- From the start of the execution, as all time here.
define("time", 1, "read", nil, function()
  local ms = lockstep.now()
  return { tostring(ms // 1000), tostring(ms % 1000 * 1000) }
end)
