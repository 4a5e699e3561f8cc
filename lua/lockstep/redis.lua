-- redis: a simulated Redis server (7.0). Its keys lie in a table of ets; each command is one operation on the keys
-- that it names. See lua/docs/redis.md.
local ets = require "lockstep.ets"
local client = require "lockstep.redis.client"
require "lockstep.redis.strings"
require "lockstep.redis.bitmaps"
require "lockstep.redis.keys"
require "lockstep.redis.hashes"
require "lockstep.redis.lists"
require "lockstep.redis.sets"
require "lockstep.redis.zsets"
require "lockstep.redis.zranges"
require "lockstep.redis.streams"
local scripting = require "lockstep.redis.scripting"
require "lockstep.redis.pubsub"
client.name_operations()

local redis = {}

local Server = {}
Server.__index = Server

-- A connection of the process that uses it.
function Server:connect() return client.connect(self) end

-- The server belongs to the process that starts it, and goes with it.
function redis.server(options)
  options = options or {}
  return setmetatable({ table = ets.new(options.name or "redis", { "public" }) }, Server)
end

-- The SHA-1 of a script, as EVALSHA wants it. What is known of its text need not be found out in every execution.
function redis.script(text) return scripting.preload(text) end

return redis
