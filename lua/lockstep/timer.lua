-- timer: messages and calls after a time or again and again, as OTP's timer module. A timer of a process is one of
-- lockstep.send_after; what has to be called is called by a process of its own, and intervals are kept by a server.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local gen_server = require "lockstep.gen_server"

local timer = {}

local SERVER = "timer_server"
local BADARG = "badarg"

local function time(t) return math.type(t) == "integer" and t >= 0 end

-- {module, "name", {arguments}} or a function with a list of arguments.
local function callable(m, f, a)
  if type(m) == "function" then return m, f or {} end
  if type(m) == "table" and type(f) == "string" and type(m[f]) == "function" then return m[f], a or {} end
end

-- ---- the server of intervals: S is {{tref, ms, what, owner's monitor or false} ...} by the timer that runs for it ----

local server = {}
function server.init()
  lockstep.flag("trap_exit", true)
  return "ok", {}
end
local function arm(S, entry)
  entry.timer = lockstep.start_timer(lockstep.self(), "tick", math.max(0, entry.next - lockstep.now()))
  S[#S + 1] = entry
end
local function find(S, key, value)
  for i, entry in ipairs(S) do
    if entry[key] == value then return entry, i end
  end
end
local function forget(S, i)
  local entry = S[i]
  lockstep.cancel_timer(entry.timer)
  if entry.monitor then lockstep.demonitor(entry.monitor, { flush = true }) end
  table.remove(S, i)
end
local function perform(entry)
  if entry.fn then
    lockstep.spawn(entry.fn, table.unpack(entry.args))
  else
    pcall(lockstep.send, entry.to, entry.message)
  end
end
function server.handle_call(request, _, S)
  if request[1] == "cancel" then
    local _, i = find(S, "ref", request[2])
    if i then forget(S, i) end
    return "reply", "cancel", S
  end
  local entry = request[2]
  entry.ref = lockstep.make_ref()
  entry.next = lockstep.now() + entry.ms
  if entry.watch then entry.monitor = lockstep.monitor(entry.watch) end
  arm(S, entry)
  return "reply", { entry.every and "interval" or "once", entry.ref }, S
end
function server.handle_info(m, S)
  if type(m) ~= "table" then return "noreply", S end
  if m[1] == "timeout" then
    local entry, i = find(S, "timer", m[2])
    if entry then
      perform(entry)
      if entry.every then
        table.remove(S, i)
        entry.next = entry.next + entry.ms
        arm(S, entry)
      else
        forget(S, i)
      end
    end
  elseif m[1] == "DOWN" then
    local _, i = find(S, "monitor", m[2])
    if i then forget(S, i) end
  end
  return "noreply", S
end

local function ask(...)
  local pid = lockstep.whereis(SERVER)
  if not pid then
    local started, why = gen_server.start(SERVER, server)
    pid = started or why[2]
  end
  return gen_server.call(pid, { ... }, "infinity")
end

-- ---- the interface: a timer's reference, or nil and "badarg" ----

-- send_after(ms [, pid or name], message)
function timer.send_after(ms, to, ...)
  local message = ...
  if select("#", ...) == 0 then to, message = lockstep.self(), to end
  if not time(ms) or not (lockstep.is_pid(to) or type(to) == "string" or type(to) == "table") then return nil, BADARG end
  if type(to) == "table" or lockstep.is_pid(to) and lockstep.node(to) ~= lockstep.node() then
    return ask("start", { ms = ms, to = to, message = message })
  end
  return { "send_local", lockstep.send_after(to, message, ms) }
end
-- send_interval(ms [, pid or name], message): ends with the process, too.
function timer.send_interval(ms, to, ...)
  local message = ...
  if select("#", ...) == 0 then to, message = lockstep.self(), to end
  if not time(ms) or not (lockstep.is_pid(to) or type(to) == "string") then return nil, BADARG end
  local watch = lockstep.is_pid(to) and to or lockstep.whereis(to)
  if not watch then return nil, BADARG end
  return ask("start", { ms = ms, to = to, message = message, every = true, watch = watch })
end

-- apply_after(ms, module, "name", {arguments}) or apply_after(ms, fn, {arguments}): in a process of its own.
function timer.apply_after(ms, m, f, a)
  local fn, args = callable(m, f, a)
  if not time(ms) or not fn then return nil, BADARG end
  return ask("start", { ms = ms, fn = fn, args = args })
end
-- apply_interval: as apply_after, again and again until the caller ends.
function timer.apply_interval(ms, m, f, a)
  local fn, args = callable(m, f, a)
  if not time(ms) or not fn then return nil, BADARG end
  return ask("start", { ms = ms, fn = fn, args = args, every = true, watch = lockstep.self() })
end

-- exit_after(ms [, pid], reason), kill_after(ms [, pid])
function timer.exit_after(ms, pid, ...)
  local reason = ...
  if select("#", ...) == 0 then pid, reason = lockstep.self(), pid end
  return timer.apply_after(ms, function(p, why)
    local to = lockstep.is_pid(p) and p or lockstep.whereis(p)
    if to then lockstep.exit(to, why) end
  end, { pid, reason })
end
function timer.kill_after(ms, pid) return timer.exit_after(ms, pid or lockstep.self(), "kill") end

-- "cancel", also when it is over; nil, "badarg" for what is no timer.
function timer.cancel(tref)
  if type(tref) ~= "table" or not lockstep.is_ref(tref[2]) then return nil, BADARG end
  if tref[1] == "send_local" then
    lockstep.cancel_timer(tref[2])
    return "cancel"
  end
  if tref[1] ~= "interval" and tref[1] ~= "once" then return nil, BADARG end
  return ask("cancel", tref[2])
end

function timer.sleep(ms)
  gen.check_timeout(ms, "sleep", 1)
  lockstep.sleep(ms)
  return "ok"
end
-- The milliseconds that fn(...) took, and what it returned.
function timer.tc(fn, ...)
  local began = lockstep.now()
  return (function(...) return lockstep.now() - began, ... end)(fn(...))
end
function timer.seconds(n) return n * 1000 end
function timer.minutes(n) return n * 60000 end
function timer.hours(n) return n * 3600000 end
function timer.hms(h, m, s) return h * 3600000 + m * 60000 + s * 1000 end

return timer
