-- What the behaviours share: names, starting in step with the starter, requests, and running a callback.
--
-- 1. A callback runs under run(), whose results are handed on as they are, so that a table is not made for each event.
-- 2. An exception that was caught is raised again as it was, so the report shows the place in the user's code.
local lockstep = require "lockstep"
local send, recv_first, monitor, demonitor = lockstep.send, lockstep.recv_first, lockstep.monitor, lockstep.demonitor
local self_ = lockstep.self
local any, one_of, is_pid, is_ref = lockstep.any, lockstep.one_of, lockstep.is_pid, lockstep.is_ref

local gen = {}

local FLUSH = { flush = true }
local ALIAS = { alias = "demonitor" }

local function misuse(what, position, expected, got)
  error(("bad argument #%d to '%s' (%s expected, got %s)"):format(position, what, expected, type(got)), 3)
end
gen.misuse = misuse

-- ---- names: "local", {"global", T}, {"via", Module, T} ----

-- "local" as {"local", N}, too, which is how OTP writes it.
function gen.is_name(x)
  return type(x) == "string" or type(x) == "table" and (x[1] == "local" or x[1] == "global" or x[1] == "via")
end

local function names_of(name)
  if name[1] == "via" then
    local module = name[2]
    if type(module) ~= "table" then
      error(("bad name: {\"via\", Module, Term} expected, got a %s as Module"):format(type(module)), 3)
    end
    return module, name[3]
  end
  local global = lockstep.global
  if not global then error("require \"lockstep.global\" in the scenario's file to use global names", 3) end
  return global, name[2]
end

-- The pid behind a name, or nil.
function gen.whereis(name)
  if type(name) == "string" then return lockstep.whereis(name) end
  if name[1] == "local" then return lockstep.whereis(name[2]) end
  local module, term = names_of(name)
  local pid = module.whereis_name(term)
  if pid ~= "undefined" then return pid end
end

-- Registers the caller; true, or nil and who has the name.
function gen.register(name)
  local plain = type(name) == "string" and name or name[1] == "local" and name[2]
  if plain then
    local ok, why = pcall(lockstep.register, plain, lockstep.self())
    if ok then return true end
    local pid = lockstep.whereis(plain)
    if pid == nil then error(why, 0) end
    return nil, pid
  end
  local module, term = names_of(name)
  local self = lockstep.self()
  if module.register_name(term, self) == "yes" then return true end
  local pid = module.whereis_name(term)
  return nil, pid ~= "undefined" and pid or nil
end

function gen.unregister(name)
  if type(name) == "string" then
    pcall(lockstep.unregister, name)
  elseif name[1] == "local" then
    pcall(lockstep.unregister, name[2])
  else
    local module, term = names_of(name)
    module.unregister_name(term)
  end
end

-- The pid of a server, or nil if nobody has the name; {name, node} stays as it is.
local function locate(server, what)
  if is_pid(server) then return server end
  local kind = type(server)
  if kind == "string" then return lockstep.whereis(server) end
  if kind == "table" then
    if gen.is_name(server) then return gen.whereis(server) end
    if type(server[1]) == "string" and type(server[2]) == "string" and #server == 2 then
      if server[2] == lockstep.node() then return lockstep.whereis(server[1]) end
      return server
    end
  end
  error(("bad argument #1 to '%s' (a pid, a name, {\"global\", T} or {\"via\", Module, T} expected, got %s)"):format(
    what or "call", kind), 4)
end
gen.locate = locate

-- Sends to a server by any name; nobody there is no error.
function gen.post(server, message, what)
  if is_pid(server) then
    send(server, message)
  else
    local pid = locate(server, what)
    if pid then send(pid, message) end
  end
end

-- ---- exceptions ----

-- The exit reason of a process that this exception ends.
function gen.reason(e)
  if e.class == "exit" then return e.reason end
  return { e.class == "throw" and { "nocatch", e.reason } or e.reason, { e.where } }
end

-- What stands in for a function that `whose` module lacks: undef, as OTP has it, whose place names the function.
function gen.undef(whose, name, arity)
  return function()
    local _, e = xpcall(lockstep.error, lockstep.exception, "undef")
    local mfa = ("%s/%d"):format(tostring(name), arity)
    e.where = ("%s %s"):format(e.where, mfa)
    e.missing = ("the module of %s has no function %s"):format(whose, mfa)
    error(e, 0)
  end
end

-- A table of functions, and not a list or options.
function gen.is_module(x)
  for key, value in pairs(x) do
    if type(key) == "string" and type(value) == "function" then return true end
  end
  return false
end

-- What a callback returned, or threw, as one term.
function gen.tuple(count, first, ...)
  if count == 1 then return first end
  return { first, ... }
end

-- ---- starting ----

-- Runs body(ack, parent, ...) in a new process and waits until it calls ack(true, value) or ack(false, reason), or ends.
-- Returns the value, or nil and the reason. link is "link", "monitor" (then the reference is returned, too) or "nolink".
local function started(body, starter, link, ...)
  local self = lockstep.self()
  return body(function(ok, value) send(starter, { "ack", self, ok, value }) end, link == "link" and starter or self, ...)
end

function gen.start(link, timeout, body, ...)
  local self = lockstep.self()
  local pid, ref, ended
  if link == "link" then
    pid = lockstep.spawn_link(started, body, self, link, ...)
    ended = { "EXIT", pid, any }
  else
    pid, ref = lockstep.spawn_monitor(started, body, self, link, ...)
    ended = { "DOWN", ref, any, any, any }
  end
  local m = recv_first({ one_of, { "ack", pid, any, any }, ended }, timeout)
  if m and m[1] == "ack" then
    if not m[3] then
      if ref then recv_first(ended) end  -- gone before the starter learns of it
      return nil, m[4]
    end
    if link == "monitor" then return m[4], ref end
    if ref then demonitor(ref, FLUSH) end
    return m[4]
  elseif m then
    return nil, ref and m[5] or m[3]
  end
  if ref then
    lockstep.exit(pid, "kill")
    demonitor(ref, FLUSH)
  else
    lockstep.unlink(pid)
    lockstep.exit(pid, "kill")
    recv_first(ended, 0)
  end
  return nil, "timeout"
end

-- ---- requests ----

-- {tag, answer}, which is {tag} if the answer is nil.
function gen.answered(tag) return { one_of, { tag, any }, { tag } } end
-- The same, or the end of the process that should answer.
function gen.answered_or_down(tag, ref) return { one_of, { tag, any }, { tag }, { "DOWN", ref, any, any, any } } end
local answered, answered_or_down = gen.answered, gen.answered_or_down

-- One request and its answer: true and the answer, or false and why there is none. A plain reference as tag is an alias, to
-- which the answer goes; with no time limit and on the own node there is no alias, as in OTP, and the tag is {"ref", reference}.
local function request(pid, self, label, content, timeout)
  local ref, tag
  if timeout == "infinity" and is_pid(pid) and lockstep.node(pid) == lockstep.node() then
    ref = monitor(pid)
    tag = { "ref", ref }
  else
    ref = monitor(pid, ALIAS)
    tag = ref
  end
  send(pid, { label, { self, tag }, content })
  local m = recv_first(answered_or_down(tag, ref), timeout)
  if m then
    if m[1] ~= "DOWN" then
      demonitor(ref, FLUSH)
      return true, m[2]
    end
    local reason = m[5]
    if reason == "noconnection" then
      reason = { "nodedown", type(m[4]) == "table" and m[4][2] or lockstep.node(m[4]) }
    end
    return false, reason
  end
  demonitor(ref, FLUSH)
  m = recv_first(answered(tag), 0)
  if m then return true, m[2] end
  return false, "timeout"
end

-- The same, to a server by any name.
function gen.ask(server, label, content, timeout)
  local pid = is_pid(server) and server or locate(server, "call")
  if not pid then return false, "noproc" end
  local self = self_()
  if pid == self then return false, "calling_self" end
  return request(pid, self, label, content, timeout)
end

-- The answer; or exits {why, {who, "call", shown}}.
function gen.call(who, server, label, content, timeout, shown)
  local ok, answer = gen.ask(server, label, content, timeout)
  if ok then return answer end
  lockstep.exit({ answer, { who, "call", shown } })
end

-- What module sys does, which exits {why, {"sys", what, {server [, timeout]}}}.
local function sys(server, what, timeout)
  local ok, answer = gen.ask(server, "system", what, timeout == nil and 5000 or timeout)
  if ok then return answer end
  lockstep.exit({ answer, { "sys", what, { server, timeout } } })
end
function gen.get_state(server, timeout) return sys(server, "get_state", timeout) end
function gen.replace_state(server, fn, timeout) return sys(server, { "replace_state", fn }, timeout) end
function gen.suspend(server, timeout) return sys(server, "suspend", timeout) end
function gen.resume(server, timeout) return sys(server, "resume", timeout) end

-- The server's half: until it is resumed it looks only at system messages and at its parent's end.
function gen.suspended(S, from, system, terminate)
  gen.reply(from, "ok")
  repeat
    local m = recv_first({ one_of, { "system", any, any }, { "EXIT", S.parent, any } })
    if m[1] == "EXIT" then terminate(S, m[3]) end
    if m[3] == "suspend" then gen.reply(m[2], "ok") else system(S, m[2], m[3]) end
  until m[3] == "resume"
end

function gen.check_timeout(timeout, what, position)
  if timeout == "infinity" or math.type(timeout) == "integer" and timeout >= 0 then return timeout end
  error(("bad argument #%d to '%s' (milliseconds or \"infinity\" expected, got %s)"):format(position, what,
    type(timeout) == "table" and "table" or tostring(timeout)), 3)
end

-- Answers the request that `from` belongs to; any process may do it.
function gen.reply(from, answer)
  local tag = from[2]
  send(is_ref(tag) and tag or from[1], { tag, answer })
  return "ok"
end

-- stop: returns "ok" when the process has ended with exactly this reason. `who`: as Elixir shows it in exit reasons.
function gen.stop(server, reason, timeout, who)
  local function leave(why)
    if who then why = { why, { who, "stop", { server, reason, timeout } } } end
    lockstep.exit(why)
  end
  local pid = locate(server, "stop")
  if not pid then leave "noproc" end
  if pid == lockstep.self() then leave "calling_self" end
  local ref = monitor(pid)
  send(pid, { "system", { lockstep.self(), { "ref", ref } }, { "terminate", reason } })
  local m = recv_first({ "DOWN", ref, any, any, any }, timeout)
  if not m then
    demonitor(ref, FLUSH)
    leave "timeout"
  end
  if gen.same(m[5], reason) then return "ok" end
  leave(m[5])
end

-- =:= on terms.
function gen.same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b and math.type(a) == math.type(b) end
  for k, v in pairs(a) do
    if not gen.same(v, b[k]) then return false end
  end
  for k in pairs(b) do
    if a[k] == nil then return false end
  end
  return true
end

-- Checks an options table: every key must be among the known ones.
function gen.options(options, known, what, position)
  if options == nil then return known end
  if type(options) ~= "table" then misuse(what, position, "a table of options", options) end
  for key in pairs(options) do
    if known[key] == nil then
      local names = {}
      for name in pairs(known) do names[#names + 1] = name end
      table.sort(names)
      error(("bad argument #%d to '%s' (unknown option '%s'; known: %s)"):format(position, what, tostring(key),
        table.concat(names, ", ")), 3)
    end
  end
  return options
end

return gen
