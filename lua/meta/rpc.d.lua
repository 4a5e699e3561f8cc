---@meta lockstep.rpc

---@class lockstep.rpc
local rpc = {}

---@param node string
---@param ... any mod, "name", args, timeout; or fn, timeout
---@return any value
---@return any badrpc
function rpc.call(node, ...) end
---@param node string
---@param ... any
---@return true
function rpc.cast(node, ...) end
---@param node string
---@param ... any
---@return table key
function rpc.async_call(node, ...) end
---@param key table
---@return any value
---@return any badrpc
function rpc.yield(key) end
---@param key table
---@param timeout? lockstep.timeout
---@return any value
---@return any badrpc
function rpc.nb_yield(key, timeout) end
---@param nodes string[]
---@param ... any
---@return any[] results
---@return string[] bad_nodes
function rpc.multicall(nodes, ...) end
---@param ... any [nodes,] name, message
---@return "abcast"
function rpc.abcast(...) end

return rpc
