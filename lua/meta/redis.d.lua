---@meta lockstep.redis

--- A simulated Redis server. See lua/docs/redis.md.
---@class lockstep.redis
local redis = {}

---@class lockstep.redis.options
---@field name? string what reports call it; "redis"
---@field replicated? boolean `fail_over` may be called

---@class lockstep.redis.Server
local Server = {}

---@class lockstep.redis.Connection
---@field [string] fun(self: lockstep.redis.Connection, ...: string|number): any every command by its name in lower case
local Connection = {}

--- A server that lives as long as the process that starts it.
---@param options? lockstep.redis.options
---@return lockstep.redis.Server
function redis.server(options) end

--- The SHA-1 of a script, in hexadecimal. At file level only: what is known of its text need not be found out later.
---@param text string
---@return string
function redis.script(text) end

---@class lockstep.redis.script
---@field name string
---@field keys integer
---@field text string
---@field sha string

--- The script of a file beside the scenario or along --path, with what its lines `--- @include "path"` name. At file level
--- only.
---@param file string FILE-N.lua has N keys
---@param keys? integer of any other
---@return lockstep.redis.script
function redis.load(file, keys) end

--- MessagePack.
---@param value any
---@return string
function redis.pack(value) end

---@param text string
---@return any
function redis.unpack(text) end

---@class lockstep.redis.faults
---@field dies? boolean before each command the process may end
---@field lost_replies? integer how many replies may be lost after the command took effect

---@param options? lockstep.redis.faults
---@return lockstep.redis.Connection
function Server:connect(options) end

--- A replica takes over that lacks the last writes. The server must be `replicated`.
---@param lost integer how many, from 0
---@return integer # how many were lost
function Server:fail_over(lost) end

--- Any key goes, as when memory is full.
---@return string|nil # its name
function Server:evict() end

--- The reply: text, integer, array or nil. Raises Redis's error as text.
---@param name string
---@param ... string|number
---@return any
function Connection:call(name, ...) end

--- As `call`, but returns an error as {err = text}.
---@param name string
---@param ... string|number
---@return any
function Connection:pcall(name, ...) end

--- The reply as scripts see it: {ok = text}, {err = text}, false for nil.
---@param name string
---@param ... string|number
---@return any
function Connection:raw(name, ...) end

--- Calls a script of `redis.load` by its SHA-1, or with its text if the server has not seen it yet.
---@param script lockstep.redis.script
---@param ... string|number its keys, then its arguments
---@return any
function Connection:run(script, ...) end

--- The next message of a subscription: {"message", channel, text} or {"pmessage", pattern, channel, text}.
---@param timeout? integer ms
---@return string[]|nil
---@return "timeout"|nil
function Connection:receive(timeout) end

return redis
