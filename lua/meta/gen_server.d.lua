---@meta lockstep.gen_server

---@alias lockstep.gen_server.next integer|"infinity"|"hibernate"|table a time-out in ms, or {"continue", term}
---@alias lockstep.gen_server.from table whom to answer: gen_server.reply(from, value)

---What a server's callbacks take and return: OTP's tuples as several values. Write `---@type lockstep.gen_server.module`
---before the table that has them.
---@class lockstep.gen_server.module
---@field init fun(argument: any): ("ok"|"ignore"|"stop"), any, lockstep.gen_server.next?
---@field handle_call? fun(request: any, from: lockstep.gen_server.from, state: any): ("reply"|"noreply"|"stop"), any, any, any
---@field handle_cast? fun(request: any, state: any): ("noreply"|"stop"), any, any
---@field handle_info? fun(message: any, state: any): ("noreply"|"stop"), any, any
---@field handle_continue? fun(term: any, state: any): ("noreply"|"stop"), any, any
---@field terminate? fun(reason: any, state: any): any

---@class lockstep.gen_server
local gen_server = {}

---@overload fun(name: string|table, module: lockstep.gen_server.module, argument: any, options?: table): (lockstep.pid|"ignore"|nil), any
---@param module lockstep.gen_server.module
---@param argument any
---@param options? table
---@return lockstep.pid|"ignore"|nil pid
---@return any reason
function gen_server.start(module, argument, options) end
---@overload fun(name: string|table, module: lockstep.gen_server.module, argument: any, options?: table): (lockstep.pid|"ignore"|nil), any
---@param module lockstep.gen_server.module
---@param argument any
---@param options? table
---@return lockstep.pid|"ignore"|nil pid
---@return any reason
function gen_server.start_link(module, argument, options) end
---@overload fun(name: string|table, module: lockstep.gen_server.module, argument: any, options?: table): (lockstep.pid|"ignore"|nil), any
---@param module lockstep.gen_server.module
---@param argument any
---@param options? table
---@return lockstep.pid|"ignore"|nil pid
---@return any ref_or_reason
function gen_server.start_monitor(module, argument, options) end
---@param server lockstep.server
---@param request any
---@param timeout? lockstep.timeout 5000
---@return any reply
function gen_server.call(server, request, timeout) end
---@param server lockstep.server
---@param request any
---@return "ok"
function gen_server.cast(server, request) end
---@param from lockstep.gen_server.from
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
