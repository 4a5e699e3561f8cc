---@meta lockstep.task_supervisor

---@class lockstep.task_supervisor
local task_supervisor = {}

---@param options? table
---@return lockstep.pid|nil
---@return any reason
function task_supervisor.start_link(options) end
---@param sup lockstep.server
---@param fn function
---@param ... any
---@return lockstep.task.handle
function task_supervisor.async(sup, fn, ...) end
---@param sup lockstep.server
---@param fn function
---@param ... any
---@return lockstep.task.handle
function task_supervisor.async_nolink(sup, fn, ...) end
---@param sup lockstep.server
---@param fn function
---@param options? {restart: string, shutdown: any}
---@return lockstep.pid|nil
---@return any reason
function task_supervisor.start_child(sup, fn, options) end
---@param sup lockstep.server
---@param list any[]
---@param fn fun(x: any): any
---@param options? table
---@return fun(): table|nil
function task_supervisor.async_stream(sup, list, fn, options) end
---@param sup lockstep.server
---@param list any[]
---@param fn fun(x: any): any
---@param options? table
---@return fun(): table|nil
function task_supervisor.async_stream_nolink(sup, list, fn, options) end
---@param sup lockstep.server
---@return lockstep.pid[]
function task_supervisor.children(sup) end
---@param sup lockstep.server
---@param pid lockstep.pid
---@return "ok"|nil
---@return any
function task_supervisor.terminate_child(sup, pid) end
---@param sup lockstep.server
---@param reason? any
---@param timeout? lockstep.timeout
---@return "ok"
function task_supervisor.stop(sup, reason, timeout) end

return task_supervisor
