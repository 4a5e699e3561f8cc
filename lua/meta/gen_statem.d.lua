---@meta lockstep.gen_statem

---@alias lockstep.gen_statem.mode "handle_event_function"|"state_functions"|"state_enter"
---@alias lockstep.gen_statem.type "cast"|"info"|"internal"|"timeout"|"state_timeout"|"enter"|table {"call", from} or {"timeout", name}
---@alias lockstep.gen_statem.result "next_state"|"keep_state"|"keep_state_and_data"|"repeat_state"|"repeat_state_and_data"|"stop"|"stop_and_reply"

---What a machine's callbacks take and return: OTP's tuples as several values. With state functions, each state is a field
---of its own: fun(type, content, data).
---@class lockstep.gen_statem.module
---@field callback_mode lockstep.gen_statem.mode|lockstep.gen_statem.mode[]|fun(): lockstep.gen_statem.mode|lockstep.gen_statem.mode[]
---@field init fun(argument: any): ("ok"|"ignore"|"stop"), any, any, any
---@field handle_event? fun(type: lockstep.gen_statem.type, content: any, state: any, data: any): lockstep.gen_statem.result, any, any, any
---@field terminate? fun(reason: any, state: any, data: any): any
---@field [string] any

---@class lockstep.gen_statem
local gen_statem = {}

---@overload fun(name: string|table, module: lockstep.gen_statem.module, argument: any, options?: table): (lockstep.pid|"ignore"|nil), any
---@param module lockstep.gen_statem.module
---@param argument any
---@param options? table
---@return lockstep.pid|"ignore"|nil pid
---@return any reason
function gen_statem.start(module, argument, options) end
---@overload fun(name: string|table, module: lockstep.gen_statem.module, argument: any, options?: table): (lockstep.pid|"ignore"|nil), any
---@param module lockstep.gen_statem.module
---@param argument any
---@param options? table
---@return lockstep.pid|"ignore"|nil pid
---@return any reason
function gen_statem.start_link(module, argument, options) end
---@overload fun(name: string|table, module: lockstep.gen_statem.module, argument: any, options?: table): (lockstep.pid|"ignore"|nil), any
---@param module lockstep.gen_statem.module
---@param argument any
---@param options? table
---@return lockstep.pid|"ignore"|nil pid
---@return any ref_or_reason
function gen_statem.start_monitor(module, argument, options) end
---@param ref lockstep.server
---@param request any
---@param timeout? lockstep.timeout "infinity"
---@return any reply
function gen_statem.call(ref, request, timeout) end
---@param ref lockstep.server
---@param event any
---@return "ok"
function gen_statem.cast(ref, event) end
---@param from table a caller, a reply action, or a list of them
---@param value? any
---@return "ok"
function gen_statem.reply(from, value) end
---@param ref lockstep.server
---@param reason? any
---@param timeout? lockstep.timeout
---@return "ok"
function gen_statem.stop(ref, reason, timeout) end
---@param ref any
---@param request any
---@return table id
function gen_statem.send_request(ref, request) end
---@param id table
---@param timeout? lockstep.timeout
---@return "reply"|"timeout"|nil, any
function gen_statem.wait_response(id, timeout) end
---@param id table
---@param timeout? lockstep.timeout
---@return "reply"|"timeout"|nil, any
function gen_statem.receive_response(id, timeout) end
---@param message any
---@param id table
---@return "reply"|"no_reply"|nil, any
function gen_statem.check_response(message, id) end
---@param ref lockstep.server
---@param timeout? lockstep.timeout
---@return table state_and_data
function gen_statem.get_state(ref, timeout) end
---@param ref lockstep.server
---@param fn fun(state_and_data: table): table
---@param timeout? lockstep.timeout
---@return table state_and_data
function gen_statem.replace_state(ref, fn, timeout) end
---@param ref lockstep.server
---@param timeout? lockstep.timeout
---@return "ok"
function gen_statem.suspend(ref, timeout) end
---@param ref lockstep.server
---@param timeout? lockstep.timeout
---@return "ok"
function gen_statem.resume(ref, timeout) end

return gen_statem
