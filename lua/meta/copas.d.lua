---@meta lockstep.copas

--- Cooperative Lua over simulated sockets. See lua/docs/copas.md.
---@class lockstep.copas
local copas = {}

--- At file level only.
---@param names string|string[] modules along --path: "copas"
---@return lockstep.app
function copas.load(names) end

---@param app lockstep.app
---@param f fun(require: (fun(name: string): any), env: table, ...)
---@param ... any
---@return lockstep.pid
function copas.spawn(app, f, ...) end

return copas
