---@meta lockstep.gen_server

---@alias lockstep.server lockstep.pid|string|table pid, name, {"global", T} or {"via", Module, T}
---@alias lockstep.timeout integer|"infinity"

---@class lockstep.gen_server
local gen_server = {}

---@param ... any [name,] module, argument, options
---@return lockstep.pid|"ignore"|nil pid
---@return any reason
function gen_server.start(...) end
---@param ... any [name,] module, argument, options
---@return lockstep.pid|"ignore"|nil pid
---@return any reason
function gen_server.start_link(...) end
---@param ... any [name,] module, argument, options
---@return lockstep.pid|"ignore"|nil pid
---@return any ref_or_reason
function gen_server.start_monitor(...) end
---@param server lockstep.server
---@param request any
---@param timeout? lockstep.timeout 5000
---@return any reply
function gen_server.call(server, request, timeout) end
---@param server lockstep.server
---@param request any
---@return "ok"
function gen_server.cast(server, request) end
---@param from table
---@param value any
---@return "ok"
function gen_server.reply(from, value) end
---@param server lockstep.server
---@param reason? any "normal"
---@param timeout? lockstep.timeout
---@return "ok"
function gen_server.stop(server, reason, timeout) end
---@param server lockstep.server
---@param request any
---@return table id
function gen_server.send_request(server, request) end
---@param id table
---@param timeout? lockstep.timeout
---@return "reply"|"timeout"|nil
---@return any
function gen_server.receive_response(id, timeout) end
---@param id table
---@param timeout? lockstep.timeout
---@return "reply"|"timeout"|nil
---@return any
function gen_server.wait_response(id, timeout) end
---@param message any
---@param id table
---@return "reply"|"no_reply"|nil
---@return any
function gen_server.check_response(message, id) end
---@param ... any [nodes,] name, request, timeout
---@return table replies
---@return string[] bad_nodes
function gen_server.multi_call(...) end
---@param ... any [nodes,] name, request
---@return "abcast"
function gen_server.abcast(...) end
---@param server lockstep.server
---@param timeout? lockstep.timeout
---@return any state
function gen_server.get_state(server, timeout) end
---@param server lockstep.server
---@param fn fun(state: any): any
---@param timeout? lockstep.timeout
---@return any state
function gen_server.replace_state(server, fn, timeout) end
---@param server lockstep.server
---@param timeout? lockstep.timeout
---@return "ok"
function gen_server.suspend(server, timeout) end
---@param server lockstep.server
---@param timeout? lockstep.timeout
---@return "ok"
function gen_server.resume(server, timeout) end

return gen_server
