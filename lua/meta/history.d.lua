---@meta lockstep.history

---@class lockstep.history.handle

---@class lockstep.history.operation
---@field f string
---@field value? any
---@field key? string|integer

---@class lockstep.history.event
---@field index integer
---@field process integer
---@field type "invoke"|"ok"|"fail"|"info"
---@field f string
---@field key? string|integer
---@field value? any
---@field time? integer

---@class lockstep.history
---@field null lightuserdata nil inside an array
---@field failed lightuserdata returned by op's function: it did not happen
---@field unknown lightuserdata returned by op's function: nobody knows
local history = {}

---@param options? {points: boolean}
---@return lockstep.history.handle
function history.start(options) end
---@param h lockstep.history.handle
---@param f string
---@param argument? any
---@param key? string|integer
function history.invoke(h, f, argument, key) end
---@param h lockstep.history.handle
---@param f string
---@param result? any
function history.ok(h, f, result) end
---@param h lockstep.history.handle
---@param f string
---@param why? any
function history.fail(h, f, why) end
---@param h lockstep.history.handle
---@param f string
---@param why? any
function history.info(h, f, why) end
---@param h lockstep.history.handle
---@param f string|lockstep.history.operation
---@param argument any
---@param fn? fun(argument: any, key: any): any
---@param key? string|integer
---@return any ...
---@overload fun(h: lockstep.history.handle, op: lockstep.history.operation, fn: fun(argument: any, key: any): any): any
function history.op(h, f, argument, fn, key) end
---@param h lockstep.history.handle
---@return lockstep.history.event[]
function history.events(h) end
---@param v any
---@return boolean
function history.is_history(v) end
