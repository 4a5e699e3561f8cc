-- What a command of lockstep.redis costs beside an operation of ets, and a script beside the same Lua by hand
-- (tests/bench/redis.sh). Each scenario does the same thing STEPS times.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local redis = require "lockstep.redis"

local STEPS = 2000

lockstep.scenario("ets", function()
  local t = ets.new("t", { "public" })
  ets.insert(t, { "k", "v" })
  for _ = 1, STEPS do ets.lookup(t, "k") end
end)

lockstep.scenario("command", function()
  local c = redis.server():connect()
  c:set("k", "v")
  for _ = 1, STEPS do c:get("k") end
end)

local SCRIPT = [[
local n = tonumber(redis.call('get', KEYS[1]) or 0)
redis.call('set', KEYS[1], n + 1)
redis.call('hset', KEYS[1] .. ':h', 'n', n)
return n
]]

lockstep.scenario("script", function()
  local c = redis.server():connect()
  for _ = 1, STEPS do c:eval(SCRIPT, 2, "k", "k:h") end
end)

-- By hand: the same rows in one transaction.
local function by_hand(t)
  local row = ets.lookup(t, "k")[1]
  local n = math.tointeger(tonumber(row and row[3] or 0))
  ets.insert(t, { "k", "string", tostring(n + 1) })
  ets.lookup(t, "k:h")
  ets.insert(t, { "k:h", "hash", { "n", tostring(n) } })
  return n
end
lockstep.scenario("by hand", function()
  local t = ets.new("t", { "public" })
  for _ = 1, STEPS do ets.transaction(t, { "k", "k:h" }, by_hand, t) end
end)
