---@meta lockstep.task

---@class lockstep.task.handle
---@field pid lockstep.pid
---@field ref lockstep.ref
---@field owner lockstep.pid

---@class lockstep.task
local task = {}

---@param fn function
---@param ... any
---@return lockstep.task.handle
function task.async(fn, ...) end
---@param t lockstep.task.handle
---@param timeout? lockstep.timeout
---@return any
function task.await(t, timeout) end
---@param tasks lockstep.task.handle[]
---@param timeout? lockstep.timeout
---@return any[]
function task.await_many(tasks, timeout) end
---@param t lockstep.task.handle
---@param timeout? lockstep.timeout
---@return any value
---@return any why
function task.yield(t, timeout) end
---@param tasks lockstep.task.handle[]
---@param timeout? lockstep.timeout
---@return table[]
function task.yield_many(tasks, timeout) end
---@param t lockstep.task.handle
---@param timeout? lockstep.timeout|"brutal_kill"
---@return any value
---@return any why
function task.shutdown(t, timeout) end
---@param t lockstep.task.handle
---@return any value
---@return any why
function task.ignore(t) end
---@param fn function
---@param ... any
---@return lockstep.pid
function task.start(fn, ...) end
---@param fn function
---@param ... any
---@return lockstep.pid
function task.start_link(fn, ...) end
---@param list any[]
---@param fn fun(x: any): any
---@param options? {max_concurrency: integer, ordered: boolean, timeout: lockstep.timeout, on_timeout: "exit"|"kill_task", zip_input_on_exit: boolean}
---@return fun(): table|nil
function task.async_stream(list, fn, options) end
---@param iterator fun(): any
---@return any[]
function task.collect(iterator) end

return task
