---@meta lockstep.supervisor

---@class lockstep.child_spec
---@field id any
---@field start table|function {module, "function", {arguments}}, {function, {arguments}} or a function
---@field restart? "permanent"|"transient"|"temporary"
---@field shutdown? integer|"infinity"|"brutal_kill"
---@field type? "worker"|"supervisor"
---@field modules? any
---@field significant? boolean

---@class lockstep.supervisor.flags
---@field strategy? "one_for_one"|"one_for_all"|"rest_for_one"|"simple_one_for_one"
---@field intensity? integer restarts
---@field period? integer seconds of virtual time
---@field max_restarts? integer Elixir's name of intensity
---@field max_seconds? integer Elixir's name of period
---@field auto_shutdown? "never"|"any_significant"|"all_significant"

---@class lockstep.supervisor.module
---@field init fun(argument: any): ("ok"|"ignore"), any, lockstep.child_spec[]?

---@class lockstep.supervisor
local supervisor = {}

---@overload fun(name: string|table, module: lockstep.supervisor.module, argument: any): (lockstep.pid|"ignore"|nil), any
---@overload fun(children: (lockstep.child_spec|table)[], flags?: lockstep.supervisor.flags): (lockstep.pid|"ignore"|nil), any
---@param ... any a module and its argument
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
