---@meta lockstep.supervisor

---@class lockstep.child_spec
---@field id any
---@field start table|function {module, "function", {arguments}}, {function, {arguments}} or a function
---@field restart? "permanent"|"transient"|"temporary"
---@field shutdown? integer|"infinity"|"brutal_kill"
---@field type? "worker"|"supervisor"
---@field modules? any
---@field significant? boolean

---@class lockstep.supervisor
local supervisor = {}

---@param ... any [name,] module, argument; or children, flags
---@return lockstep.pid|"ignore"|nil
---@return any reason
function supervisor.start_link(...) end
---@param sup lockstep.server
---@param spec lockstep.child_spec|table
---@return lockstep.pid|"undefined"|nil
---@return any
function supervisor.start_child(sup, spec) end
---@param sup lockstep.server
---@param id any
---@return "ok"|nil
---@return any
function supervisor.terminate_child(sup, id) end
---@param sup lockstep.server
---@param id any
---@return lockstep.pid|nil
---@return any
function supervisor.restart_child(sup, id) end
---@param sup lockstep.server
---@param id any
---@return "ok"|nil
---@return any
function supervisor.delete_child(sup, id) end
---@param sup lockstep.server
---@return table[]
function supervisor.which_children(sup) end
---@param sup lockstep.server
---@return {specs: integer, active: integer, supervisors: integer, workers: integer}
function supervisor.count_children(sup) end
---@param sup lockstep.server
---@param id any
---@return lockstep.child_spec|nil
---@return any
function supervisor.get_childspec(sup, id) end
---@param specs lockstep.child_spec[]
---@return "ok"|nil
---@return any
function supervisor.check_childspecs(specs) end
---@param sup lockstep.server
---@param reason? any
---@param timeout? lockstep.timeout
---@return "ok"
function supervisor.stop(sup, reason, timeout) end

return supervisor
