---@meta lockstep.host

--- Code of others in a process of its own, in Lua 5.1's dialect. See lua/docs/hosts.md.
---@class lockstep.host
---@field epoch integer seconds since 1970 at which the virtual clock stands at 0
local host = {}

---@class lockstep.app modules that were read

--- At file level only.
---@param names string[]
---@param provided? table<string, fun(env: table): any> modules that the host has itself
---@return lockstep.app
function host.load(names, provided) end

---@param app lockstep.app
---@param f fun(require: (fun(name: string): any), env: table, ...)
---@param ... any
---@return lockstep.pid
function host.spawn(app, f, ...) end

--- A process's globals.
---@param name string for messages
---@param app lockstep.app
---@param provided? table<string, fun(env: table): any>
---@return table
function host.environment(name, app, provided) end

--- A table of which other fields fail by name.
---@param name string
---@param fields? table
---@return table
function host.lacking(name, fields) end

return host
