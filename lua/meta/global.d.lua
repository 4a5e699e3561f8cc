---@meta lockstep.global

---@class lockstep.global
local global = {}

---@param name any
---@param pid lockstep.pid
---@param resolve? fun(name: any, p1: lockstep.pid, p2: lockstep.pid): any
---@return "yes"|"no"
function global.register_name(name, pid, resolve) end
---@param name any
---@param pid lockstep.pid
---@param resolve? fun(name: any, p1: lockstep.pid, p2: lockstep.pid): any
---@return "yes"
function global.re_register_name(name, pid, resolve) end
---@param name any
---@return "ok"
function global.unregister_name(name) end
---@param name any
---@return lockstep.pid|nil
function global.whereis_name(name) end
---@return any[]
function global.registered_names() end
---@param name any
---@param message any
---@return lockstep.pid
function global.send(name, message) end
---@param id table {resource, requester}
---@param nodes? string[]
---@param retries? integer|"infinity"
---@return boolean
function global.set_lock(id, nodes, retries) end
---@param id table
---@param nodes? string[]
---@return true
function global.del_lock(id, nodes) end
---@return "ok"
function global.sync() end
---@param id table
---@param fn function
---@param nodes? string[]
---@param retries? integer|"infinity"
---@return any
function global.trans(id, fn, nodes, retries) end

return global
