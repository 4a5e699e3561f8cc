-- dynamic_supervisor: children started on demand, each restarted by itself; stopped all at once.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local gen_server = require "lockstep.gen_server"
local kid = require "lockstep.child"

local dynamic_supervisor = {}

-- S: flags, children (in order of their start; one that waits to be restarted keeps in `was` the pid it had), restarts, tries

local server = {}

local FLAGS = { strategy = "one_for_one", max_restarts = 3, max_seconds = 5, max_children = "infinity", extra_arguments = false,
  name = false, intensity = false, period = false }

local no_init = gen.undef("this dynamic_supervisor", "init", 1)

function server.init(argument)
  lockstep.flag("trap_exit", true)
  local flags = argument.flags
  if argument.mod then
    local tag
    tag, flags = (argument.mod.init or no_init)(argument.arg)
    if tag == "ignore" then return "ignore" end
    if tag ~= "ok" or type(flags) ~= "table" then
      return "stop", { "bad_return", { argument.mod, "init", gen.tuple(flags == nil and 1 or 2, tag, flags) } }
    end
  end
  local checked = { intensity = flags.max_restarts or flags.intensity or 3, period = flags.max_seconds or flags.period or 5,
    max_children = flags.max_children or "infinity", extra = flags.extra_arguments or nil }
  local wrong
  if (flags.strategy or "one_for_one") ~= "one_for_one" then
    wrong = { "invalid_strategy", flags.strategy }
  elseif math.type(checked.intensity) ~= "integer" then
    wrong = { "invalid_intensity", checked.intensity }
  elseif math.type(checked.period) ~= "integer" then
    wrong = { "invalid_period", checked.period }
  elseif checked.max_children ~= "infinity" and math.type(checked.max_children) ~= "integer" then
    wrong = { "invalid_max_children", checked.max_children }
  elseif checked.extra ~= nil and type(checked.extra) ~= "table" then
    wrong = { "invalid_extra_arguments", checked.extra }
  end
  if wrong then return "stop", { "supervisor_data", wrong } end
  return "ok", { flags = checked, children = {}, restarts = {}, tries = 0 }
end

local function launch(S, start)
  local extra = S.flags.extra
  if not extra then return kid.start(start) end
  -- Before the arguments of the specification.
  return kid.start(function()
    local f, args
    if type(start) == "function" then f, args = start, {}
    elseif type(start[1]) == "function" then f, args = start[1], start[2] or {}
    else f, args = start[1][start[2]], start[3] or {} end
    local all = table.move(extra, 1, #extra, 1, {})
    return f(table.unpack(table.move(args, 1, #args, #all + 1, all)))
  end)
end

local function find(S, pid)
  for i, c in ipairs(S.children) do
    if c.pid == pid or c.pid == "restarting" and c.was == pid then return c, i end
  end
end

local function restart(S, c, i)
  if not kid.within_intensity(S) then
    table.remove(S.children, i)
    return "stop", "shutdown", S
  end
  local pid = launch(S, c.start)
  if pid == nil then
    if c.pid ~= "restarting" then c.was = c.pid end
    c.pid = "restarting"
    if not c.try then
      S.tries = S.tries + 1
      c.try = S.tries
    end
    lockstep.send(lockstep.self(), { "$gen_restart", c.try })
  elseif pid == "undefined" then
    table.remove(S.children, i)
  else
    c.pid = pid
  end
  return "noreply", S
end

local calls = {}
function calls.start_child(S, c)
  if S.flags.max_children ~= "infinity" and #S.children >= S.flags.max_children then return "error", "max_children" end
  local pid, info = launch(S, c.start)
  if pid == nil then return "error", info end
  if pid == "undefined" then return "ignore" end
  c.pid = pid
  S.children[#S.children + 1] = c
  return "ok", pid, info
end
function calls.terminate_child(S, pid)
  local c, i = find(S, pid)
  if not c then return "error", "not_found" end
  kid.stop(c)
  table.remove(S.children, i)
  return "ok"
end
function calls.which_children(S)
  local list = {}
  for i, c in ipairs(S.children) do list[i] = { "undefined", c.pid, c.type, c.modules } end
  return "ok", list
end
function calls.count_children(S)
  local n = { specs = #S.children, active = 0, supervisors = 0, workers = 0 }
  for _, c in ipairs(S.children) do
    if c.pid ~= "restarting" then n.active = n.active + 1 end
    local kind = c.type == "supervisor" and "supervisors" or "workers"
    n[kind] = n[kind] + 1
  end
  return "ok", n
end

function server.handle_call(request, _, S) return "reply", { calls[request[1]](S, request[2]) }, S end
function server.handle_cast(_, S) return "noreply", S end
function server.handle_info(m, S)
  if type(m) ~= "table" then return "noreply", S end
  if m[1] == "EXIT" and #m == 3 then
    local c, i = find(S, m[2])
    if not c then return "noreply", S end
    if c.restart == "permanent" or c.restart == "transient" and not kid.orderly(m[3]) then return restart(S, c, i) end
    table.remove(S.children, i)
  elseif m[1] == "$gen_restart" then
    for i, c in ipairs(S.children) do
      if c.try == m[2] and c.pid == "restarting" then return restart(S, c, i) end
    end
  end
  return "noreply", S
end
function server.terminate(_, S) kid.stop_together(S.children) end

-- start_link(flags), or start_link(module, argument, {name = ...}) with init returning "ok", flags.
local function start_link(what, f, mod, arg, options)
  if mod == nil then mod = {} end
  if type(mod) ~= "table" then gen.misuse(what, 1, "a table of flags or a callback module", mod) end
  local argument, name
  if type(mod.init) == "function" or gen.is_module(mod) then
    argument, name = { mod = mod, arg = arg }, options and options.name
  else
    gen.options(mod, FLAGS, what, 1)
    argument, name = { flags = mod }, mod.name
  end
  if name then return f(name, server, argument) end
  return f(server, argument)
end
function dynamic_supervisor.start_link(...) return start_link("start_link", gen_server.start_link, ...) end
function dynamic_supervisor.start(...) return start_link("start", gen_server.start, ...) end
function dynamic_supervisor.child_spec(flags)
  return { id = flags and flags.name or "dynamic_supervisor", start = { dynamic_supervisor, "start_link", { flags } },
    type = "supervisor" }
end

local function ask(sup, what, argument)
  local request = { what, argument }
  local answer = gen.call("GenServer", sup, "$gen_call", request, "infinity", { sup, request, "infinity" })
  if answer[1] == "error" then return nil, answer[2] end
  if #answer == 1 then return answer[1] end
  return answer[2], answer[3]
end

-- The pid and what the start function gave besides, "ignore", or nil and the reason.
function dynamic_supervisor.start_child(sup, spec)
  if type(spec) == "table" and spec.start ~= nil and spec.id == nil then  -- ids are not used
    local copy = { id = "undefined" }
    for k, v in pairs(spec) do copy[k] = v end
    spec = copy
  end
  local c, wrong = kid.check(spec, "any_significant")
  if not c then return nil, wrong end
  return ask(sup, "start_child", c)
end
function dynamic_supervisor.terminate_child(sup, pid)
  if not lockstep.is_pid(pid) then gen.misuse("terminate_child", 2, "a pid", pid) end
  return ask(sup, "terminate_child", pid)
end
function dynamic_supervisor.which_children(sup) return (ask(sup, "which_children")) end
function dynamic_supervisor.count_children(sup) return (ask(sup, "count_children")) end
function dynamic_supervisor.stop(sup, reason, timeout)
  return gen.stop(sup, reason == nil and "normal" or reason, timeout or "infinity", "GenServer")
end

return dynamic_supervisor
