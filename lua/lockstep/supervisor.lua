-- supervisor: starts children in order, restarts them by strategy, gives up beyond intensity, stops them in reverse.
--
-- A gen_server whose state holds the children in start order. A child's pid is a pid, "undefined" (not running) or
-- "restarting" (its restart failed and is tried again; then `was` is the pid it had).
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local gen_server = require "lockstep.gen_server"
local kid = require "lockstep.child"
local is_pid = lockstep.is_pid

local supervisor = {}

-- ---- specifications ----

local STRATEGY = { one_for_one = true, one_for_all = true, rest_for_one = true, simple_one_for_one = true }
local AUTO_SHUTDOWN = { never = true, any_significant = true, all_significant = true }
local FLAGS = { strategy = 1, intensity = 1, period = 1, auto_shutdown = 1, max_restarts = 1, max_seconds = 1, name = 1 }

local function natural(x, least) return math.type(x) == "integer" and x >= least end

-- The flags with their defaults, or nil and what is wrong. Elixir's names and defaults, too.
local function check_flags(given, elixir)
  if type(given) ~= "table" then return nil, { "invalid_type", given } end
  if given[1] ~= nil then given = { strategy = given[1], intensity = given[2], period = given[3] } end
  for key in pairs(given) do
    if not FLAGS[key] then return nil, { "invalid_flag", key } end
  end
  local flags = {
    strategy = given.strategy or "one_for_one",
    intensity = given.intensity or given.max_restarts or elixir and 3 or 1,
    period = given.period or given.max_seconds or 5,
    auto_shutdown = given.auto_shutdown or "never",
  }
  if not STRATEGY[flags.strategy] then return nil, { "invalid_strategy", flags.strategy } end
  if not natural(flags.intensity, 0) then return nil, { "invalid_intensity", flags.intensity } end
  if not natural(flags.period, 1) then return nil, { "invalid_period", flags.period } end
  if not AUTO_SHUTDOWN[flags.auto_shutdown] then return nil, { "invalid_auto_shutdown", flags.auto_shutdown } end
  return flags
end

-- ---- children ----

local function find(S, id)
  for i, child in ipairs(S.children) do
    if gen.same(child.id, id) then return child, i end
  end
end
local function find_pid(S, pid)
  for i, child in ipairs(S.children) do
    if child.pid == pid then return child, i end
  end
end
-- A dynamic child that is running or waits to be restarted; "dead" for a process that may have been one.
local function find_dynamic(S, pid)
  for i, child in ipairs(S.children) do
    if child.pid == pid or child.pid == "restarting" and child.was == pid then return child, i end
  end
  if not lockstep.alive(pid) then return "dead" end
end

-- Stops children last .. first, in this order; temporary ones are forgotten.
local function stop_children(S, first)
  for i = #S.children, first, -1 do
    local child = S.children[i]
    kid.stop(child)
    child.pid = "undefined"
    if child.restart == "temporary" then table.remove(S.children, i) end
  end
end

local function start_all(S, first)
  local i = first
  while i <= #S.children do
    local child = S.children[i]
    local pid, why = kid.start(child.start, child.extra)
    if pid == nil then
      child.pid = "restarting"
      return nil, child, why
    end
    child.pid = pid
    if pid == "undefined" and child.restart == "temporary" then
      table.remove(S.children, i)
    else
      i = i + 1
    end
  end
  return true
end

-- ---- restarting ----

local function position(S, child)
  for i, c in ipairs(S.children) do
    if c == child then return i end
  end
end

local function restart(S, child)
  if not kid.within_intensity(S) then
    table.remove(S.children, position(S, child))
    return "stop", "shutdown", S
  end
  local strategy = S.flags.strategy
  local failed
  if strategy == "one_for_one" or strategy == "simple_one_for_one" then
    local pid = kid.start(child.start, child.extra)
    if pid == nil then
      if child.pid ~= "restarting" then child.was = child.pid end
      child.pid = "restarting"
      failed = child
    elseif pid == "undefined" and (child.restart == "temporary" or strategy == "simple_one_for_one") then
      table.remove(S.children, position(S, child))
    else
      child.pid = pid
    end
  else
    local first = strategy == "one_for_all" and 1 or position(S, child)
    child.pid = "undefined"
    stop_children(S, first)
    local ok, which = start_all(S, first)
    if not ok then failed = which end
  end
  if failed then
    if not failed.try then
      S.tries = S.tries + 1
      failed.try = S.tries
    end
    gen_server.cast(lockstep.self(), { "try_again_restart", failed.try })
  end
  return "noreply", S
end

local function auto_shutdown(S, child)
  if child.significant then
    local mode = S.flags.auto_shutdown
    if mode == "any_significant" then return "stop", "shutdown", S end
    if mode == "all_significant" then
      for _, c in ipairs(S.children) do
        if c.significant and c.pid ~= "undefined" then return "noreply", S end
      end
      return "stop", "shutdown", S
    end
  end
  return "noreply", S
end

local function exited(S, pid, reason)
  local child, i = find_pid(S, pid)
  if not child then return "noreply", S end
  if child.restart == "permanent" or child.restart == "transient" and not kid.orderly(reason) then return restart(S, child) end
  if child.restart == "temporary" or S.template then
    table.remove(S.children, i)
  else
    child.pid = "undefined"
  end
  return auto_shutdown(S, child)
end

-- ---- the server ----

local server = {}
local no_init = gen.undef("this supervisor", "init", 1)

function server.init(argument)
  lockstep.flag("trap_exit", true)
  local mod, arg = argument[1], argument[2]
  local children, flags
  local elixir = argument[3]
  if elixir then
    flags, children = arg, mod
  else
    local returned = table.pack((mod.init or no_init)(arg))
    local tag = returned[1]
    if tag == "ignore" then return "ignore" end
    if tag == "ok" and returned.n == 3 then
      flags, children = returned[2], returned[3]
    elseif tag == "ok" and type(returned[2]) == "table" and returned[2][1] ~= nil and #returned[2] == 2 then
      flags, children = returned[2][1], returned[2][2]
    else
      return "stop", { "bad_return", { mod, "init", gen.tuple(returned.n, table.unpack(returned, 1, returned.n)) } }
    end
  end
  local checked, why = check_flags(flags, elixir)
  if not checked then return "stop", { "supervisor_data", why } end
  local S = { flags = checked, children = {}, restarts = {}, tries = 0 }
  if type(children) ~= "table" then return "stop", { "start_spec", children } end
  if checked.strategy == "simple_one_for_one" and #children ~= 1 then return "stop", { "bad_start_spec", children } end
  for _, spec in ipairs(children) do
    local child, wrong = kid.check(spec, checked.auto_shutdown)
    if not child then return "stop", { "start_spec", wrong } end
    if find(S, child.id) then return "stop", { "start_spec", { "duplicate_child_name", child.id } } end
    S.children[#S.children + 1] = child
  end
  if checked.strategy == "simple_one_for_one" then
    S.template, S.children = S.children[1], {}
    return "ok", S
  end
  local ok, failed, reason = start_all(S, 1)
  if not ok then
    stop_children(S, 1)
    return "stop", { "shutdown", { "failed_to_start_child", failed.id, reason } }
  end
  return "ok", S
end

local calls = {}

function calls.start_child(S, spec)
  if S.template then
    local t = S.template
    if type(spec) ~= "table" then return "error", { "badarg", spec } end
    local pid, info = kid.start(t.start, spec)
    if pid == nil then return "error", info end
    if pid ~= "undefined" then
      S.children[#S.children + 1] = { id = "undefined", start = t.start, extra = spec, restart = t.restart,
        shutdown = t.shutdown, type = t.type, modules = t.modules, significant = t.significant, pid = pid }
    end
    return "ok", pid, info
  end
  local child, wrong = kid.check(spec, S.flags.auto_shutdown)
  if not child then return "error", wrong end
  local present = find(S, child.id)
  if present then
    if is_pid(present.pid) then return "error", { "already_started", present.pid } end
    return "error", "already_present"
  end
  local pid, info = kid.start(child.start)
  if pid == nil then
    if type(info) == "table" and info[1] == "already_started" then return "error", info end
    return "error", { info, supervisor.spec_of(child) }
  end
  child.pid = pid
  if not (pid == "undefined" and child.restart == "temporary") then S.children[#S.children + 1] = child end
  return "ok", pid, info
end

function calls.terminate_child(S, id)
  if S.template and not is_pid(id) then return "error", "simple_one_for_one" end
  local child, i
  if S.template then child, i = find_dynamic(S, id) else child, i = find(S, id) end
  if child == "dead" then return "ok" end
  if not child then return "error", "not_found" end
  kid.stop(child)
  if child.restart == "temporary" or S.template then
    table.remove(S.children, i)
  else
    child.pid = "undefined"
  end
  return "ok"
end

function calls.restart_child(S, id)
  if S.template then return "error", "simple_one_for_one" end
  local child = find(S, id)
  if not child then return "error", "not_found" end
  if child.pid == "restarting" then return "error", "restarting" end
  if child.pid ~= "undefined" then return "error", "running" end
  local pid, info = kid.start(child.start)
  if pid == nil then return "error", info end
  child.pid = pid
  return "ok", pid, info
end

function calls.delete_child(S, id)
  if S.template then return "error", "simple_one_for_one" end
  local child, i = find(S, id)
  if not child then return "error", "not_found" end
  if child.pid == "restarting" then return "error", "restarting" end
  if child.pid ~= "undefined" then return "error", "running" end
  table.remove(S.children, i)
  return "ok"
end

function calls.which_children(S)
  local list = {}
  for i = #S.children, 1, -1 do
    local c = S.children[i]
    list[#list + 1] = { c.id, c.pid, c.type, c.modules }
  end
  return "ok", list
end

function calls.count_children(S)
  local n = { specs = S.template and 1 or #S.children, active = 0, supervisors = 0, workers = 0 }
  for _, c in ipairs(S.children) do
    if is_pid(c.pid) and (lockstep.node(c.pid) ~= lockstep.node() or lockstep.alive(c.pid)) then n.active = n.active + 1 end
    local kind = c.type == "supervisor" and "supervisors" or "workers"
    n[kind] = n[kind] + 1
  end
  return "ok", n
end

function supervisor.spec_of(c)
  return { id = c.id, start = c.start, restart = c.restart, shutdown = c.shutdown, type = c.type, modules = c.modules,
    significant = c.significant }
end
function calls.get_childspec(S, id)
  local child
  if not S.template then
    child = find(S, id)
  elseif gen.same(id, S.template.id) or is_pid(id) and find_dynamic(S, id) then
    child = S.template
  end
  if not child then return "error", "not_found" end
  return "ok", supervisor.spec_of(child)
end

function server.handle_call(request, _, S)
  return "reply", { calls[request[1]](S, request[2]) }, S
end

function server.handle_cast(request, S)
  if request[1] == "try_again_restart" then
    for _, child in ipairs(S.children) do
      if child.try == request[2] and child.pid == "restarting" then return restart(S, child) end
    end
  end
  return "noreply", S
end

function server.handle_info(m, S)
  if type(m) == "table" and m[1] == "EXIT" and #m == 3 then return exited(S, m[2], m[3]) end
  return "noreply", S
end

function server.terminate(_, S)
  if S.template then kid.stop_together(S.children) else stop_children(S, 1) end
end

-- ---- the interface ----

-- start_link([name,] module, argument), or start_link(children, flags) as in Elixir.
function supervisor.start_link(name, mod, argument)
  if not gen.is_name(name) then name, mod, argument = nil, name, mod end
  if type(mod) ~= "table" then
    gen.misuse("start_link", name and 2 or 1, "a callback module or a list of child specifications", mod)
  end
  local elixir = type(mod.init) ~= "function" and not gen.is_module(mod)
  if elixir and argument ~= nil and type(argument) ~= "table" then
    gen.misuse("start_link", name and 3 or 2, "a table of flags", argument)
  end
  if elixir then
    local flags = argument or {}
    name = name or flags.name
    return gen_server.start_link(name or server, name and server or { mod, flags, true }, name and { mod, flags, true } or nil)
  end
  if name then return gen_server.start_link(name, server, { mod, argument }) end
  return gen_server.start_link(server, { mod, argument })
end

local function ask(sup, what, argument)
  local answer = gen.call("gen_server", sup, "$gen_call", { what, argument }, "infinity",
    { sup, argument == nil and what or { what, argument }, "infinity" })
  if answer[1] == "ok" then
    if #answer == 1 then return "ok" end
    return answer[2], answer[3]
  end
  return nil, answer[2]
end

-- The pid ("undefined" if the child chose to be ignored) and what its start function gave besides; or nil, reason.
function supervisor.start_child(sup, spec) return ask(sup, "start_child", spec) end
function supervisor.terminate_child(sup, id) return ask(sup, "terminate_child", id) end
function supervisor.restart_child(sup, id) return ask(sup, "restart_child", id) end
function supervisor.delete_child(sup, id) return ask(sup, "delete_child", id) end
function supervisor.get_childspec(sup, id) return ask(sup, "get_childspec", id) end
-- {{id, pid or "undefined" or "restarting", type, modules} ...}, the newest first.
function supervisor.which_children(sup) return (ask(sup, "which_children")) end
function supervisor.count_children(sup) return (ask(sup, "count_children")) end

function supervisor.check_childspecs(specs, auto)
  local seen = { children = {} }
  for _, spec in ipairs(specs) do
    local child, wrong = kid.check(spec, auto or "any_significant")
    if not child then return nil, wrong end
    if find(seen, child.id) then return nil, { "duplicate_child_name", child.id } end
    seen.children[#seen.children + 1] = child
  end
  return "ok"
end

function supervisor.stop(sup, reason, timeout) return gen_server.stop(sup, reason, timeout) end

return supervisor
