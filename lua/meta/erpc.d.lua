---@meta lockstep.erpc

---@class lockstep.erpc
local erpc = {}

---@param node string
---@param ... any mod, "name", args, timeout; or fn, timeout
---@return any
function erpc.call(node, ...) end
---@param node string
---@param ... any
---@return "ok"
function erpc.cast(node, ...) end
---@param nodes string[]
---@param ... any
---@return "ok"
function erpc.multicast(nodes, ...) end
---@param nodes string[]
---@param ... any
---@return table[]
function erpc.multicall(nodes, ...) end
---@param node string
---@param ... any
---@return table request
function erpc.send_request(node, ...) end
---@param request table
---@param timeout? lockstep.timeout
---@return any
function erpc.receive_response(request, timeout) end

return erpc
