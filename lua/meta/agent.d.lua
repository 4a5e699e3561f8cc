---@meta lockstep.agent

---@class lockstep.agent
local agent = {}

---@param fn fun(): any
---@param options? {name: any, timeout: lockstep.timeout}
---@return lockstep.pid|nil
---@return any reason
function agent.start(fn, options) end
---@param fn fun(): any
---@param options? {name: any, timeout: lockstep.timeout}
---@return lockstep.pid|nil
---@return any reason
function agent.start_link(fn, options) end
---@generic T
---@param a lockstep.server
---@param fn fun(state: any): T
---@param timeout? lockstep.timeout
---@return T
function agent.get(a, fn, timeout) end
---@param a lockstep.server
---@param fn fun(state: any): any
---@param timeout? lockstep.timeout
---@return "ok"
function agent.update(a, fn, timeout) end
---@param a lockstep.server
---@param fn fun(state: any): any, any
---@param timeout? lockstep.timeout
---@return any
function agent.get_and_update(a, fn, timeout) end
---@param a lockstep.server
---@param fn fun(state: any): any
---@return "ok"
function agent.cast(a, fn) end
---@param a lockstep.server
---@param reason? any
---@param timeout? lockstep.timeout
---@return "ok"
function agent.stop(a, reason, timeout) end

return agent
