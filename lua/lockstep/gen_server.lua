-- gen_server: a server of callbacks init, handle_call, handle_cast, handle_info, handle_continue, terminate.
--
-- A callback returns what OTP's does, as several values: return "reply", value, state. One that returns nothing had no
-- clause for the event: function_clause. What it throws counts as returned.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local send, recv = lockstep.send, lockstep.recv
local exception = lockstep.exception

local gen_server = {}

-- ---- the server ----

-- S: mod, state, parent, name, timeout of the next receive (nil: none).

-- A last reply goes out when the callback has run, whatever came of it.
local function terminate(S, reason, e, from, reply)
  local callback = S.mod.terminate
  local ok, failed = true, nil
  if callback then ok, failed = xpcall(callback, exception, reason, S.state) end
  if from then gen.reply(from, reply) end
  if not ok and failed.class ~= "throw" then error(failed, 0) end
  if e then error(e, 0) end
  lockstep.exit(reason)
end

local function bad_return(S, ...)
  local count = select("#", ...)
  if count == 0 then
    local ok, e = xpcall(lockstep.error, exception, "function_clause")
    terminate(S, gen.reason(e), not ok and e)
  end
  terminate(S, { "bad_return_value", gen.tuple(count, ...) })
end

local handle_continue

-- The last element of a returned tuple: timeout, "hibernate", {"continue", C}. False if it is none of them.
local function next_wait(S, x)
  S.timeout = nil
  if x == nil or x == "infinity" or x == "hibernate" then return true end
  if math.type(x) == "integer" and x >= 0 then
    S.timeout = x
    return true
  end
  if type(x) == "table" and x[1] == "continue" and #x <= 2 then
    handle_continue(S, x[2])
    return true
  end
  return false
end

local function noreply(S, ok, tag, a, b, ...)
  if ok then
    if tag == "noreply" then
      S.state = a
      if b == nil then
        S.timeout = nil
        return
      end
      if next_wait(S, b) then return end
    elseif tag == "stop" then
      S.state = b
      terminate(S, a)
    end
    return bad_return(S, tag, a, b, ...)
  end
  if tag.class == "throw" then
    local thrown = tag.reason
    if type(thrown) == "table" then return noreply(S, true, table.unpack(thrown)) end
    return bad_return(S, thrown)
  end
  terminate(S, gen.reason(tag), tag)
end

-- Counted apart: a nil at the end may be a value.
local function one_way(S, ok, ...)
  if ok and select("#", ...) < 2 then return bad_return(S, ...) end
  return noreply(S, ok, ...)
end

local function two_way(S, from, ok, tag, a, b, c, ...)
  if ok then
    if tag == "reply" then
      S.state = b
      gen.reply(from, a)
      if c == nil then
        S.timeout = nil
        return
      end
      if next_wait(S, c) then return end
    elseif tag == "stop" then
      S.state = c
      terminate(S, a, nil, from, b)
    end
    return bad_return(S, tag, a, b, c, ...)
  end
  if tag.class == "throw" and type(tag.reason) == "table" then
    if tag.reason[1] == "reply" then return two_way(S, from, true, table.unpack(tag.reason)) end
    if tag.reason[1] == "stop" and #tag.reason == 4 then return two_way(S, from, true, table.unpack(tag.reason)) end
  end
  return noreply(S, false, tag)
end

local function on_call(S, from, ok, tag, ...)
  local count = select("#", ...)
  if not ok or tag == "reply" and count > 1 or tag == "stop" and count > 2 then return two_way(S, from, ok, tag, ...) end
  if tag == "reply" then return bad_return(S, tag, ...) end
  if tag == nil and count == 0 then return bad_return(S) end
  return one_way(S, ok, tag, ...)
end

local WHOSE = "this gen_server"
local no_init, no_call = gen.undef(WHOSE, "init", 1), gen.undef(WHOSE, "handle_call", 3)
local no_cast, no_continue = gen.undef(WHOSE, "handle_cast", 2), gen.undef(WHOSE, "handle_continue", 2)

function handle_continue(S, content)
  return one_way(S, xpcall(S.mod.handle_continue or no_continue, exception, content, S.state))
end

local function system(S, from, what)
  if what == "get_state" then
    gen.reply(from, S.state)
  elseif what[1] == "replace_state" then
    local ok, state = pcall(what[2], S.state)
    if ok then S.state = state end
    gen.reply(from, S.state)
  elseif what[1] == "terminate" then
    terminate(S, what[2])
  elseif what == "suspend" then
    gen.suspended(S, from, system, terminate)
  elseif what == "resume" then
    gen.reply(from, "ok")
  end
end

local function loop(S)
  local mod = S.mod
  local handle_call, handle_cast, handle_info = mod.handle_call or no_call, mod.handle_cast or no_cast, mod.handle_info
  while true do
    local m, note = recv(S.timeout)
    if m == nil and note == "timeout" then
      m = "timeout"
    elseif type(m) == "table" then
      local kind = m[1]
      if kind == "$gen_call" then
        on_call(S, m[2], xpcall(handle_call, exception, m[3], m[2], S.state))
        goto next
      elseif kind == "$gen_cast" then
        one_way(S, xpcall(handle_cast, exception, m[2], S.state))
        goto next
      elseif kind == "EXIT" and m[2] == S.parent and #m == 3 then
        terminate(S, m[3])
      elseif kind == "system" and #m == 3 then
        system(S, m[2], m[3])
        goto next
      end
    end
    S.timeout = nil
    if handle_info then one_way(S, xpcall(handle_info, exception, m, S.state)) end
    ::next::
  end
end

-- ---- starting ----

local function initialised(S, ack, ok, tag, a, b, ...)
  local function leave(reason, e)
    if S.name then gen.unregister(S.name) end
    ack(false, reason)
    if e then error(e, 0) end
    lockstep.exit(reason)
  end
  if not ok then
    if tag.class == "throw" then
      local thrown = tag.reason
      S.alone = type(thrown) ~= "table" or #thrown < 2
      if type(thrown) == "table" then return initialised(S, ack, true, table.unpack(thrown)) end
      return initialised(S, ack, true, thrown)
    end
    leave(gen.reason(tag), tag)
  elseif tag == "ok" and not S.alone then
    S.state = a
    if b == nil then
      ack(true, lockstep.self())
      return loop(S)
    elseif b == "hibernate" or b == "infinity" or math.type(b) == "integer" and b >= 0
      or type(b) == "table" and b[1] == "continue" then
      ack(true, lockstep.self())
      next_wait(S, b)
      return loop(S)
    end
  elseif tag == "stop" then
    leave(a)
  elseif tag == "error" then  -- OTP 26: as stop, but the process ends quietly
    if S.name then gen.unregister(S.name) end
    ack(false, a)
    lockstep.exit("normal")
  elseif tag == "ignore" then
    if S.name then gen.unregister(S.name) end
    ack(true, "ignore")
    lockstep.exit("normal")
  end
  local tuple = gen.tuple(select("#", ...) > 0 and 4 or b ~= nil and 3 or a ~= nil and 2 or 1, tag, a, b, ...)
  leave({ "bad_return_value", tuple })
end

local function serve(ack, parent, name, mod, argument)
  if name then
    local ok, pid = gen.register(name)
    if not ok then
      ack(false, { "already_started", pid })
      return
    end
  end
  local S = { mod = mod, parent = parent, name = name }
  -- A state may be nil, but it has to be there: "ok" alone is no answer.
  local function count(...)
    S.alone = select("#", ...) < 3
    return ...
  end
  initialised(S, ack, count(xpcall(mod.init or no_init, exception, argument)))
end

local OPTIONS = { timeout = "infinity", name = false, debug = false, spawn_opt = false, hibernate_after = false }

-- start([name,] module, argument, options)
local function start(what, link, name, mod, argument, options)
  if not gen.is_name(name) then
    name, mod, argument, options = nil, name, mod, argument
  end
  local at = name and 1 or 0
  if type(mod) ~= "table" then gen.misuse(what, at + 1, "a callback module, which is a table of functions,", mod) end
  options = gen.options(options, OPTIONS, what, at + 3)
  name = name or options.name or nil
  local timeout = options.timeout or "infinity"
  gen.check_timeout(timeout, what, at + 3)
  if name then
    local pid = gen.whereis(name)
    if pid then return nil, { "already_started", pid } end
  end
  return gen.start(link, timeout, serve, name, mod, argument)
end

function gen_server.start(...) return start("start", "nolink", ...) end
function gen_server.start_link(...) return start("start_link", "link", ...) end
-- Returns the pid and the monitor's reference.
function gen_server.start_monitor(...) return start("start_monitor", "monitor", ...) end

-- ---- the client ----

function gen_server.call(server, request, timeout)
  if timeout ~= nil then gen.check_timeout(timeout, "call", 3) end
  local ok, answer = gen.ask(server, "$gen_call", request, timeout or 5000)
  if ok then return answer end
  lockstep.exit({ answer, { "gen_server", "call", { server, request, timeout } } })
end

function gen_server.cast(server, request)
  gen.post(server, { "$gen_cast", request }, "cast")
  return "ok"
end

gen_server.reply = gen.reply

function gen_server.stop(server, reason, timeout)
  if reason == nil then reason = "normal" end
  return gen.stop(server, reason, timeout or "infinity")
end

-- A request whose answer is fetched later: receive_response returns "reply", value or "timeout" or nil, {reason, server}.
function gen_server.send_request(server, request)
  local pid = gen.locate(server, "send_request")
  if not pid then
    -- Nobody there: the DOWN says so when the response is asked for.
    local gone = lockstep.make_ref()
    send(lockstep.self(), { "DOWN", gone, "process", server, "noproc" })
    return { gone, server }
  end
  local ref = lockstep.monitor(pid, { alias = "reply_demonitor" })
  send(pid, { "$gen_call", { lockstep.self(), ref }, request })
  return { ref, server }
end

local function response(id, what, timeout, keep)
  if type(id) ~= "table" or not lockstep.is_ref(id[1]) then
    gen.misuse(what, 1, "what send_request returned", id)
  end
  local ref = id[1]
  local m = lockstep.recv_first(gen.answered_or_down(ref, ref), timeout)
  if not m then
    if not keep then lockstep.demonitor(ref, { flush = true }) end
    return "timeout"
  end
  if m[1] == "DOWN" then return nil, { m[5], id[2] } end
  return "reply", m[2]
end
-- After a timeout the request is given up: a late answer is dropped.
function gen_server.receive_response(id, timeout) return response(id, "receive_response", timeout, false) end
-- After a timeout one may wait again.
function gen_server.wait_response(id, timeout) return response(id, "wait_response", timeout, true) end

-- Whether the message is the response: as wait_response, or "no_reply" if it is something else.
function gen_server.check_response(message, id)
  if type(id) ~= "table" or not lockstep.is_ref(id[1]) then
    gen.misuse("check_response", 2, "what send_request returned", id)
  end
  if type(message) ~= "table" then return "no_reply" end
  if message[1] == id[1] and #message <= 2 then
    lockstep.demonitor(id[1], { flush = true })
    return "reply", message[2]
  end
  if message[1] == "DOWN" and message[2] == id[1] then return nil, { message[5], id[2] } end
  return "no_reply"
end

-- multi_call([nodes,] name, request [, timeout]): {{node, reply} ...}, {bad node ...}
function gen_server.multi_call(nodes, name, request, timeout)
  if type(nodes) == "string" then nodes, name, request, timeout = nil, nodes, name, request end
  if nodes == nil then
    nodes = { lockstep.node() }
    for _, n in ipairs(lockstep.nodes()) do nodes[#nodes + 1] = n end
  end
  if timeout == nil then timeout = "infinity" end
  gen.check_timeout(timeout, "multi_call", 4)
  local refs, here = {}, lockstep.node()
  local deadline = timeout ~= "infinity" and lockstep.now() + timeout
  for i, node in ipairs(nodes) do
    local to = node == here and name or { name, node }
    local ref = lockstep.monitor(to, { alias = "demonitor" })
    refs[i] = ref
    pcall(send, to, { "$gen_call", { lockstep.self(), ref }, request })
  end
  local replies, bad = {}, {}
  for i, node in ipairs(nodes) do
    local ref = refs[i]
    local left = "infinity"
    if deadline then left = math.max(0, deadline - lockstep.now()) end
    local m = lockstep.recv_first(gen.answered_or_down(ref, ref), left)
    lockstep.demonitor(ref, { flush = true })
    if m and m[1] ~= "DOWN" then
      replies[#replies + 1] = { node, m[2] }
    else
      bad[#bad + 1] = node
    end
  end
  return replies, bad
end

-- abcast([nodes,] name, request)
function gen_server.abcast(nodes, name, request)
  if type(nodes) == "string" then nodes, name, request = nil, nodes, name end
  if nodes == nil then
    nodes = { lockstep.node() }
    for _, n in ipairs(lockstep.nodes()) do nodes[#nodes + 1] = n end
  end
  for _, node in ipairs(nodes) do
    pcall(send, node == lockstep.node() and name or { name, node }, { "$gen_cast", request })
  end
  return "abcast"
end

-- What sys:get_state and sys:replace_state do.
gen_server.get_state, gen_server.replace_state = gen.get_state, gen.replace_state
gen_server.suspend, gen_server.resume = gen.suspend, gen.resume

return gen_server
