-- agent: a state behind functions, which run in the agent's process.
local gen = require "lockstep.gen"
local gen_server = require "lockstep.gen_server"

local agent = {}

local server = {}
function server.init(fn) return "ok", fn() end
function server.handle_call(request, _, state)
  local kind, fn = request[1], request[2]
  if kind == "get" then
    return "reply", fn(state), state
  elseif kind == "update" then
    return "reply", "ok", fn(state)
  end
  local values = table.pack(fn(state))
  if values.n ~= 2 then return "stop", { "bad_return_value", gen.tuple(values.n, table.unpack(values, 1, values.n)) }, state end
  return "reply", values[1], values[2]
end
function server.handle_cast(request, state) return "noreply", request[2](state) end
function server.handle_info(_, state) return "noreply", state end

local OPTIONS = { name = false, timeout = "infinity", debug = false, spawn_opt = false }

local function start(what, f, fn, options)
  if type(fn) ~= "function" then gen.misuse(what, 1, "a function that returns the first state", fn) end
  options = gen.options(options, OPTIONS, what, 2)
  if options.name then return f(options.name, server, fn, { timeout = options.timeout }) end
  return f(server, fn, { timeout = options.timeout })
end
-- start(fn, {name = ..., timeout = ms}): the pid, or nil and the reason.
function agent.start(fn, options) return start("start", gen_server.start, fn, options) end
function agent.start_link(fn, options) return start("start_link", gen_server.start_link, fn, options) end
function agent.child_spec(fn) return { id = "agent", start = { agent, "start_link", { fn } } } end

local function ask(what, a, fn, timeout)
  if type(fn) ~= "function" then gen.misuse(what, 2, "a function", fn) end
  timeout = gen.check_timeout(timeout == nil and 5000 or timeout, what, 3)
  local request = { what, fn }
  return gen.call("GenServer", a, "$gen_call", request, timeout, { a, request, timeout })
end
function agent.get(a, fn, timeout) return ask("get", a, fn, timeout) end
function agent.update(a, fn, timeout) return ask("update", a, fn, timeout) end
-- fn returns two values: what get_and_update returns, and the new state.
function agent.get_and_update(a, fn, timeout) return ask("get_and_update", a, fn, timeout) end
function agent.cast(a, fn)
  if type(fn) ~= "function" then gen.misuse("cast", 2, "a function", fn) end
  return gen_server.cast(a, { "cast", fn })
end
function agent.stop(a, reason, timeout)
  return gen.stop(a, reason == nil and "normal" or reason, timeout or "infinity", "GenServer")
end

return agent
