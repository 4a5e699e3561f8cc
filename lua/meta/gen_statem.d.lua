---@meta lockstep.gen_statem

---@class lockstep.gen_statem
local gen_statem = {}

---@param ... any [name,] module, argument, options
---@return lockstep.pid|"ignore"|nil pid
---@return any reason
function gen_statem.start(...) end
---@param ... any [name,] module, argument, options
---@return lockstep.pid|"ignore"|nil pid
---@return any reason
function gen_statem.start_link(...) end
---@param ... any [name,] module, argument, options
---@return lockstep.pid|"ignore"|nil pid
---@return any ref_or_reason
function gen_statem.start_monitor(...) end
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
