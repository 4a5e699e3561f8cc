---@meta lockstep.dynamic_supervisor

---@class lockstep.dynamic_supervisor
local dynamic_supervisor = {}

---@param ... any flags; or module, argument, {name}
---@return lockstep.pid|nil
---@return any reason
function dynamic_supervisor.start_link(...) end
---@param ... any
---@return lockstep.pid|nil
---@return any reason
function dynamic_supervisor.start(...) end
---@param sup lockstep.server
---@param spec lockstep.child_spec|table
---@return lockstep.pid|"ignore"|nil
---@return any
function dynamic_supervisor.start_child(sup, spec) end
---@param sup lockstep.server
---@param pid lockstep.pid
---@return "ok"|nil
---@return any
function dynamic_supervisor.terminate_child(sup, pid) end
---@param sup lockstep.server
---@return table[]
function dynamic_supervisor.which_children(sup) end
---@param sup lockstep.server
---@return table
function dynamic_supervisor.count_children(sup) end
---@param sup lockstep.server
---@param reason? any
---@param timeout? lockstep.timeout
---@return "ok"
function dynamic_supervisor.stop(sup, reason, timeout) end

return dynamic_supervisor
