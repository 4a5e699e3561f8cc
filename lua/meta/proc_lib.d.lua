---@meta lockstep.proc_lib

---@class lockstep.proc_lib
local proc_lib = {}

---@param fn fun(...: any)
---@param arguments? any[]
---@param timeout? lockstep.timeout
---@return any value of init_ack, or nil
---@return any reason
function proc_lib.start(fn, arguments, timeout) end
---@param fn fun(...: any)
---@param arguments? any[]
---@param timeout? lockstep.timeout
---@return any value of init_ack, or nil
---@return any reason
function proc_lib.start_link(fn, arguments, timeout) end
---@param fn fun(...: any)
---@param arguments? any[]
---@param timeout? lockstep.timeout
---@return any value of init_ack, or nil
---@return lockstep.ref|any ref or the reason
function proc_lib.start_monitor(fn, arguments, timeout) end
---@param value? any the caller's pid, unless it is given
function proc_lib.init_ack(value) end
---@param reason any
function proc_lib.init_fail(reason) end

return proc_lib
