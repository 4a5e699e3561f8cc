---@meta lockstep.openresty

--- nginx's Lua world: workers are processes, requests light threads. See lua/docs/openresty.md.
---@class lockstep.openresty
local openresty = {}

---@alias lockstep.request fun(ngx: table, require: fun(name: string): any)|string|table

---@class lockstep.server
---@field worker fun(self, ...: lockstep.request): lockstep.pid
---@field join fun(self)
---@field run fun(self, f: fun(ngx: table, require: fun(name: string): any): ...): ...

--- At file level only.
---@param names string|string[] modules along --path
---@return lockstep.app
function openresty.load(names) end

---@param app lockstep.app
---@param options? { shared?: table<string, { size?: integer, full?: "choice" }>, init_worker?: function, workers?: integer }
---@return lockstep.server
function openresty.start(app, options) end

return openresty
