-- Children of supervisors: specifications, starting and stopping, how often they may be restarted.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local any, is_pid = lockstep.any, lockstep.is_pid

local child = {}

local RESTART = { permanent = true, transient = true, temporary = true }
local SPEC = { id = 1, start = 1, restart = 1, shutdown = 1, type = 1, modules = 1, significant = 1 }

local function natural(x, least) return math.type(x) == "integer" and x >= least end

-- start is {module, "function", {arguments}}, {function, {arguments}} or a function.
local function valid_start(start)
  if type(start) == "function" then return true end
  if type(start) ~= "table" then return false end
  if type(start[1]) == "function" then return start[2] == nil or type(start[2]) == "table" end
  return type(start[1]) == "table" and type(start[2]) == "string" and (start[3] == nil or type(start[3]) == "table")
end

-- Elixir's forms: a module with child_spec, alone or with its argument.
local function expand(spec)
  if type(spec) ~= "table" then return spec end
  if type(spec.child_spec) == "function" then return spec.child_spec() end
  if type(spec[1]) == "table" and type(spec[1].child_spec) == "function" then return spec[1].child_spec(spec[2]) end
  return spec
end

-- The specification with its defaults, or nil and what is wrong.
function child.check(spec, auto_shutdown)
  spec = expand(spec)
  if type(spec) ~= "table" then return nil, { "invalid_child_spec", spec } end
  if spec[1] ~= nil and spec.id == nil then  -- {id, start, restart, shutdown, type, modules}
    spec = { id = spec[1], start = spec[2], restart = spec[3], shutdown = spec[4], type = spec[5], modules = spec[6] }
  end
  for key in pairs(spec) do
    if not SPEC[key] then return nil, { "invalid_child_spec_key", key } end
  end
  if spec.id == nil then return nil, "missing_id" end
  if spec.start == nil then return nil, "missing_start" end
  if not valid_start(spec.start) then return nil, { "invalid_mfa", spec.start } end
  local restart, kind, significant = spec.restart or "permanent", spec.type or "worker", spec.significant or false
  if not RESTART[restart] then return nil, { "invalid_restart_type", restart } end
  if significant == true and auto_shutdown == "never" then
    return nil, { "bad_combination", { { "auto_shutdown", "never" }, { "significant", true } } }
  elseif significant == true and restart == "permanent" then
    return nil, { "bad_combination", { { "restart", "permanent" }, { "significant", true } } }
  end
  if type(significant) ~= "boolean" then return nil, { "invalid_significant", significant } end
  if kind ~= "worker" and kind ~= "supervisor" then return nil, { "invalid_child_type", kind } end
  local shutdown = spec.shutdown
  if shutdown == nil then shutdown = kind == "worker" and 5000 or "infinity" end
  if shutdown ~= "infinity" and shutdown ~= "brutal_kill" and not natural(shutdown, 0) then
    return nil, { "invalid_shutdown", shutdown }
  end
  local modules = spec.modules
  if modules ~= nil and modules ~= "dynamic" and type(modules) ~= "table" then return nil, { "invalid_modules", modules } end
  local module = type(spec.start) == "table" and spec.start[1] or spec.start
  return { id = spec.id, start = spec.start, restart = restart, shutdown = shutdown, type = kind,
    modules = modules or { module }, significant = significant, pid = "undefined" }
end

-- ---- starting and stopping ----

local function apply(start, extra)
  if type(start) == "function" then return start(table.unpack(extra or {})) end
  local f, args
  if type(start[1]) == "function" then
    f, args = start[1], start[2] or {}
  else
    f, args = start[1][start[2]], start[3] or {}
    if not f then gen.undef("this child", start[2], #args + #(extra or {}))() end
  end
  if extra then
    args = table.move(args, 1, #args, 1, {})
    table.move(extra, 1, #extra, #args + 1, args)
  end
  return f(table.unpack(args))
end

-- Pid or "undefined", and the info it gave; or nil and why.
function child.start(start, extra)
  local ok, pid, info = xpcall(apply, lockstep.exception, start, extra)
  if not ok then
    if pid.class == "throw" then return nil, pid.reason end
    return nil, { "EXIT", gen.reason(pid) }
  end
  if is_pid(pid) then return pid, info end
  if pid == "ignore" then return "undefined" end
  if pid == nil then return nil, info end
  return nil, pid
end

function child.stop(c)
  local pid = c.pid
  if not is_pid(pid) then return end
  local ref = lockstep.monitor(pid)
  local down = { "DOWN", ref, any, any, any }
  lockstep.unlink(pid)
  if not lockstep.recv_first({ "EXIT", pid, any }, 0) then
    if c.shutdown == "brutal_kill" then
      lockstep.exit(pid, "kill")
    else
      lockstep.exit(pid, "shutdown")
      if lockstep.recv_first(down, c.shutdown) then return end
      lockstep.exit(pid, "kill")
    end
  end
  lockstep.recv_first(down)
end

-- All at once, in no order.
function child.stop_together(children)
  local waiting = {}
  for _, c in ipairs(children) do
    if is_pid(c.pid) then
      local ref = lockstep.monitor(c.pid)
      lockstep.unlink(c.pid)
      waiting[#waiting + 1] = { ref = ref, pid = c.pid, shutdown = c.shutdown }
    end
  end
  for _, w in ipairs(waiting) do
    lockstep.recv_first({ "EXIT", w.pid, any }, 0)
    lockstep.exit(w.pid, w.shutdown == "brutal_kill" and "kill" or "shutdown")
  end
  local began = lockstep.now()
  for _, w in ipairs(waiting) do
    local down = { "DOWN", w.ref, any, any, any }
    local left = "infinity"
    if math.type(w.shutdown) == "integer" then left = math.max(0, began + w.shutdown - lockstep.now()) end
    if not lockstep.recv_first(down, left) then
      lockstep.exit(w.pid, "kill")
      lockstep.recv_first(down)
    end
  end
end

-- ---- restarting ----

-- Notes a restart of S {restarts, flags}; false when there were more than `intensity` within `period`.
function child.within_intensity(S)
  local now, kept = lockstep.now(), {}
  for _, t in ipairs(S.restarts) do
    if t >= now - S.flags.period * 1000 then kept[#kept + 1] = t end
  end
  kept[#kept + 1] = now
  S.restarts = kept
  return #kept <= S.flags.intensity
end

function child.orderly(reason)
  return reason == "normal" or reason == "shutdown" or type(reason) == "table" and reason[1] == "shutdown" and #reason == 2
end

return child
