-- redis: a simulated Redis server (7.0). Its keys lie in a table of ets; each command is one operation on the keys
-- that it names. See lua/docs/redis.md.
local ets = require "lockstep.ets"
local client = require "lockstep.redis.client"
local faults = require "lockstep.redis.faults"
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
local scripts = require "lockstep.redis.scripts"
local cmsgpack = require "lockstep.redis.cmsgpack"
require "lockstep.redis.functions"
require "lockstep.redis.pubsub"
client.name_operations()

local redis = {}

local Server = {}
Server.__index = Server

-- A connection of the process that uses it.
function Server:connect(options) return client.connect(self, options) end

-- A replica that lacks the last `lost` writes takes over; how many were lost.
function Server:fail_over(lost) return faults.fail_over(self, client.connect(self), lost) end

-- Any key goes, as when memory is full; its name, or nil.
function Server:evict() return faults.evict(self, client.connect(self)) end

-- The server belongs to the process that starts it, and goes with it.
function redis.server(options)
  options = options or {}
  return setmetatable({ table = ets.new(options.name or "redis", { "public" }), replicated = options.replicated },
    Server)
end

-- The SHA-1 of a script, as EVALSHA wants it. What is known of its text need not be found out in every execution.
function redis.script(text) return scripting.preload(text) end

-- The script of a file beside the scenario or along --path, with what it includes: FILE-N.lua has N keys, any other `keys`.
function redis.load(file, keys)
  local script = scripts.load(file, keys)
  client.name_script(script)
  return script
end

-- MessagePack, in which clients send what has more than one part.
redis.pack, redis.unpack = cmsgpack.pack, cmsgpack.unpack

return redis
