-- gen_statem: a state machine with postponed events, inserted events, state enter calls and three kinds of timeouts.
--
-- 1. Next event: inserted events, then retried ones, then zero timeouts, then the mailbox.
-- 2. A change of state (by value) retries what was postponed, oldest first, and cancels the state timeout.
-- 3. Every event cancels the event timeout.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local gen_server = require "lockstep.gen_server"
local recv, exception = lockstep.recv, lockstep.exception

local gen_statem = {}

local WHOSE = "this gen_statem"
local no_init, no_mode = gen.undef(WHOSE, "init", 1), gen.undef(WHOSE, "callback_mode", 0)
local no_handle_event = gen.undef(WHOSE, "handle_event", 4)

-- S: mod, below (modules under it, for pop_callback_module), functions (state functions mode), enter, state, data, parent, name,
--    queue (events to handle, in order), postponed (oldest first), timers ({type, content, ref or 0} ...), zero (of them,
--    those with no time to wait, in order).

-- ---- ending ----

local function terminate(S, reason, e)
  if S.mod.terminate then
    local ok, failed = xpcall(S.mod.terminate, exception, reason, S.state, S.data)
    if not ok and failed.class ~= "throw" then error(failed, 0) end
  end
  if e then error(e, 0) end
  lockstep.exit(reason)
end

local function crash(S, reason)
  local _, e = xpcall(lockstep.error, exception, reason)
  terminate(S, gen.reason(e), e)
end

-- callback_mode: a function, or what it would return: one name or a list with "state_enter".
local function set_mode(S, mod)
  local mode = mod.callback_mode
  if mode == nil then mode = no_mode end
  local ok = true
  if type(mode) == "function" then ok, mode = xpcall(mode, exception) end
  if not ok then
    if mode.class ~= "throw" then return terminate(S, gen.reason(mode), mode) end
    mode = mode.reason
  end
  local functions, enter
  for _, name in ipairs(type(mode) == "table" and mode or { mode }) do
    if name == "state_functions" then
      functions = true
    elseif name == "handle_event_function" then
      functions = false
    elseif name == "state_enter" then
      enter = true
    else
      functions = nil
      break
    end
  end
  if functions == nil then crash(S, { "bad_return_from_callback_mode", mode }) end
  S.mod, S.functions, S.enter = mod, functions, enter
end

-- ---- timers ----

local function timer_of(S, kind)
  for i, t in ipairs(S.timers) do
    if gen.same(t.type, kind) then return t, i end
  end
end

local function forget(S, t, i)
  table.remove(S.timers, i)
  for k, z in ipairs(S.zero) do
    if z == t then
      table.remove(S.zero, k)
      break
    end
  end
end

local function cancel(S, kind)
  local t, i = timer_of(S, kind)
  if not t then return end
  forget(S, t, i)
  if t.ref ~= 0 and not lockstep.cancel_timer(t.ref) then
    lockstep.recv_first({ "timeout", t.ref, lockstep.any })  -- it has fired: its message is there
  end
end

local function set_timer(S, kind, time, content, options)
  if time == "cancel" or time == "infinity" then return cancel(S, kind) end
  if time == "update" then
    local t = timer_of(S, kind)
    if t then
      t.content = content
      return
    end
    time = 0
  end
  cancel(S, kind)
  if options and options.abs then time = math.max(0, time - lockstep.now()) end
  local t = { type = kind, content = content, ref = 0 }
  if time == 0 then
    S.zero[#S.zero + 1] = t
  else
    t.ref = lockstep.start_timer(lockstep.self(), kind, time)
  end
  S.timers[#S.timers + 1] = t
end

-- ---- actions ----

local SINGLE = { reply = true, next_event = true, timeout = true, state_timeout = true, change_callback_module = true,
  push_callback_module = true }
-- Actions that are no tuples.
local ALONE = { postpone = true, hibernate = true, infinity = true, pop_callback_module = true }

-- One action or a list of them, as a list.
local function listed(actions)
  if actions == nil then return {} end
  if type(actions) ~= "table" then return { actions } end
  local first = actions[1]
  if SINGLE[first] then return { actions } end
  -- A tuple that is no action, not a list of actions: reported as it is.
  if #actions >= 2 and type(first) == "string" and not ALONE[first] then return { actions } end
  if (first == "postpone" or first == "hibernate") and type(actions[2]) == "boolean" then return { actions } end
  if type(first) == "table" and first[1] == "timeout" and #first == 2 and type(actions[2]) ~= "table" and #actions >= 2 then
    return { actions }
  end
  return actions
end

local function is_time(t)
  return t == "infinity" or t == "cancel" or t == "update" or math.type(t) == "integer" and t >= 0
end
local function is_from(from) return type(from) == "table" and lockstep.is_pid(from[1]) end

local EVENTS = { cast = true, info = true, internal = true, timeout = true, state_timeout = true }
local function is_event(kind)
  if type(kind) ~= "table" then return EVENTS[kind] end
  return #kind == 2 and (kind[1] == "timeout" or kind[1] == "call" and is_from(kind[2]))
end

-- Another callback module, whose callback mode counts from now on.
local function change_module(S, kind, mod)
  if kind == "pop_callback_module" then
    return set_mode(S, table.remove(S.below))
  elseif kind == "push_callback_module" then
    S.below[#S.below + 1] = S.mod
  end
  set_mode(S, mod)
end

-- Applies actions to the transition T under way: {postpone, events, timeouts}. Replies are sent now. What an enter call may not
-- do is not the same as what nobody may.
local function act(S, T, actions, entering)
  for _, action in ipairs(listed(actions)) do
    local tuple = type(action) == "table"
    local kind = tuple and action[1] or action
    local good, allowed = true, true
    if kind == "reply" and tuple then
      good = is_from(action[2])
      if good then gen.reply(action[2], action[3]) end
    elseif kind == "postpone" then
      allowed = not entering or tuple
      good = not tuple or action[2] == false or action[2] == true and not entering
      T.postpone = not tuple or action[2]
    elseif kind == "next_event" and tuple and #action >= 2 then
      allowed, good = not entering, is_event(action[2])
      T.events[#T.events + 1] = { action[2], action[3] }
    elseif kind == "hibernate" then
      good = true
    elseif (kind == "timeout" or kind == "state_timeout") and tuple and is_time(action[2]) then
      T.timeouts[#T.timeouts + 1] = action
    elseif type(kind) == "table" and kind[1] == "timeout" and #kind == 2 and is_time(action[2]) then
      T.timeouts[#T.timeouts + 1] = action
    elseif not tuple and is_time(action) and action ~= "cancel" and action ~= "update" then
      T.timeouts[#T.timeouts + 1] = { "timeout", action, action }
    elseif (kind == "change_callback_module" or kind == "push_callback_module") and tuple and type(action[2]) == "table"
      or action == "pop_callback_module" and #S.below > 0 then
      allowed = not entering
      if allowed then change_module(S, kind, tuple and action[2]) end
    else
      good = false
    end
    if not allowed then crash(S, { "bad_state_enter_action_from_state_function", action }) end
    if not good then crash(S, { "bad_action_from_state_function", action }) end
  end
end

-- ---- transitions ----

local function callback(S, kind, content)
  local mod = S.mod
  if S.functions then return xpcall(mod[S.state] or gen.undef(WHOSE, S.state, 3), exception, kind, content, S.data) end
  return xpcall(mod.handle_event or no_handle_event, exception, kind, content, S.state, S.data)
end

local result

-- Whether a later action sets the same timeout: only the last one counts.
local function again(timeouts, i)
  for k = i + 1, #timeouts do
    if gen.same(timeouts[k][1], timeouts[i][1]) then return true end
  end
  return false
end

-- Enter calls, then what the transition asked for.
local function complete(S, T, event)
  while S.enter and T.enter do
    T.enter = nil
    result(S, T, event, true, callback(S, "enter", T.old))
  end
  if T.postpone and event then S.postponed[#S.postponed + 1] = event end
  local queue = S.queue
  if T.changed then
    cancel(S, "state_timeout")
    local postponed = S.postponed
    if #postponed > 0 then
      S.postponed = {}
      table.move(queue, 1, #queue, #postponed + 1, postponed)
      queue = postponed
    end
  end
  local events = T.events
  if #events > 0 then
    table.move(queue, 1, #queue, #events + 1, events)
    queue = events
  end
  S.queue = queue
  for i, t in ipairs(T.timeouts) do
    if not again(T.timeouts, i) then set_timer(S, t[1], t[2], t[3], t[4]) end
  end
end

-- What a callback returned, for the transition T.
function result(S, T, event, entering, ok, tag, ...)
  local count = select("#", ...)
  local a, b, c = ...
  if not ok then
    if tag.class == "throw" then
      local thrown = tag.reason
      if type(thrown) == "table" then return result(S, T, event, entering, true, table.unpack(thrown)) end
      return result(S, T, event, entering, true, thrown)
    end
    S.state, S.data = T.old, T.old_data  -- an enter call that fails leaves the transition undone
    return terminate(S, gen.reason(tag), tag)
  end
  local bad = "bad_return_from_state_function"
  if tag == "next_state" and (count == 2 or count == 3) then
    local change = not gen.same(S.state, a)
    if not (entering and change) then
      S.data = b
      if change then
        T.enter = true
        T.changed = true
        S.state = a
        if S.functions and type(a) ~= "string" then crash(S, { "callback_mode", "state_functions" }) end
      end
      return act(S, T, c, entering)
    end
    bad = "bad_state_enter_return_from_state_function"
  elseif tag == "keep_state" and (count == 1 or count == 2) then
    S.data = a
    return act(S, T, b, entering)
  elseif tag == "keep_state_and_data" and count <= 1 then
    return act(S, T, a, entering)
  elseif tag == "repeat_state" and (count == 1 or count == 2) then
    S.data = a
    T.enter = true
    return act(S, T, b, entering)
  elseif tag == "repeat_state_and_data" and count <= 1 then
    T.enter = true
    return act(S, T, a, entering)
  elseif tag == "stop" and count <= 2 then
    if count == 2 then S.data = b end
    local reason = a
    if count == 0 then reason = "normal" end
    return terminate(S, reason)
  elseif tag == "stop_and_reply" and (count == 2 or count == 3) then
    if count == 3 then S.data = c end
    for _, reply in ipairs(listed(b)) do
      if type(reply) ~= "table" or reply[1] ~= "reply" or not is_from(reply[2]) then
        crash(S, { "bad_reply_action_from_state_function", reply })
      end
      gen.reply(reply[2], reply[3])
    end
    return terminate(S, a)
  elseif tag == nil and count == 0 then
    return crash(S, "function_clause")
  end
  crash(S, { bad, gen.tuple(count + 1, tag, ...) })
end

local function handle(S, event)
  cancel(S, "timeout")
  local T = { events = {}, timeouts = {}, old = S.state, old_data = S.data }
  result(S, T, event, false, callback(S, event[1], event[2]))
  complete(S, T, event)
end

local function system(S, from, what)
  if what == "get_state" then
    gen.reply(from, { S.state, S.data })
  elseif what[1] == "replace_state" then
    local ok, changed = pcall(what[2], { S.state, S.data })
    if ok then S.state, S.data = changed[1], changed[2] end
    gen.reply(from, { S.state, S.data })
  elseif what[1] == "terminate" then
    terminate(S, what[2])
  elseif what == "suspend" then
    gen.suspended(S, from, system, terminate)
  elseif what == "resume" then
    gen.reply(from, "ok")
  end
end

local function received(S, m)
  if type(m) == "table" then
    local kind = m[1]
    if kind == "$gen_call" then
      return handle(S, { { "call", m[2] }, m[3] })
    elseif kind == "$gen_cast" then
      return handle(S, { "cast", m[2] })
    elseif kind == "timeout" and lockstep.is_ref(m[2]) then
      for i, t in ipairs(S.timers) do
        if t.ref == m[2] then
          forget(S, t, i)
          return handle(S, { t.type, t.content })
        end
      end
    elseif kind == "EXIT" and m[2] == S.parent and #m == 3 then
      terminate(S, m[3])
    elseif kind == "system" and #m == 3 then
      return system(S, m[2], m[3])
    end
  end
  handle(S, { "info", m })
end

local function loop(S)
  while true do
    local event = S.queue[1]
    if event then
      table.remove(S.queue, 1)
      handle(S, event)
    elseif S.zero[1] then
      local t, i = timer_of(S, S.zero[1].type)
      forget(S, t, i)
      handle(S, { t.type, t.content })
    else
      received(S, (recv()))
    end
  end
end

-- ---- starting ----

local function initialised(S, ack, ok, ...)
  local tag, state, data, actions = ...
  local function leave(value, reason, e)
    if S.name then gen.unregister(S.name) end
    ack(value == "ignore", value)
    if e then error(e, 0) end
    lockstep.exit(reason)
  end
  if not ok then
    if tag.class == "throw" then
      local thrown = tag.reason
      if type(thrown) == "table" then return initialised(S, ack, true, table.unpack(thrown)) end
      return initialised(S, ack, true, thrown)
    end
    leave(tag.reason, nil, tag)
  end
  local count = select("#", ...)
  if tag == "ok" and (count == 3 or count == 4) then
    S.state, S.data = state, data
    ack(true, lockstep.self())
    set_mode(S, S.mod)
    local T = { events = {}, timeouts = {}, old = state, old_data = data, enter = true }
    act(S, T, actions, false)
    complete(S, T, nil)
    return loop(S)
  elseif tag == "stop" and count == 2 then
    leave(state, state)
  elseif tag == "error" and count == 2 then
    leave(state, "normal")
  elseif tag == "ignore" then
    leave("ignore", "normal")
  end
  local reason = { "bad_return_from_init", gen.tuple(count, ...) }
  leave(reason, reason)
end

local function serve(ack, parent, name, mod, argument)
  if name then
    local ok, pid = gen.register(name)
    if not ok then
      ack(false, { "already_started", pid })
      return
    end
  end
  local S = { mod = mod, below = {}, parent = parent, name = name, queue = {}, postponed = {}, timers = {}, zero = {} }
  initialised(S, ack, xpcall(mod.init or no_init, exception, argument))
end

local OPTIONS = { timeout = "infinity", name = false, debug = false, spawn_opt = false, hibernate_after = false }

local function start(what, link, name, mod, argument, options)
  if not gen.is_name(name) then
    name, mod, argument, options = nil, name, mod, argument
  end
  local at = name and 1 or 0
  if type(mod) ~= "table" then gen.misuse(what, at + 1, "a callback module, which is a table of functions,", mod) end
  options = gen.options(options, OPTIONS, what, at + 3)
  name = name or options.name or nil
  local timeout = gen.check_timeout(options.timeout or "infinity", what, at + 3)
  if name then
    local pid = gen.whereis(name)
    if pid then return nil, { "already_started", pid } end
  end
  return gen.start(link, timeout, serve, name, mod, argument)
end

function gen_statem.start(...) return start("start", "nolink", ...) end
function gen_statem.start_link(...) return start("start_link", "link", ...) end
function gen_statem.start_monitor(...) return start("start_monitor", "monitor", ...) end

-- ---- the client ----

function gen_statem.call(ref, request, timeout)
  if timeout == nil then timeout = "infinity" end
  local limit = timeout
  -- How a late reply is kept from the caller made a difference before there were aliases.
  if type(timeout) == "table" and (timeout[1] == "clean_timeout" or timeout[1] == "dirty_timeout") then limit = timeout[2] end
  gen.check_timeout(limit, "call", 3)
  return gen.call("gen_statem", ref, "$gen_call", request, limit, { ref, request, timeout })
end

function gen_statem.cast(ref, request)
  gen.post(ref, { "$gen_cast", request }, "cast")
  return "ok"
end

-- reply(from, answer), or reply(a reply action or a list of them)
function gen_statem.reply(from, ...)
  if select("#", ...) > 0 then return gen.reply(from, (...)) end
  for _, reply in ipairs(listed(from)) do gen.reply(reply[2], reply[3]) end
  return "ok"
end

function gen_statem.stop(ref, reason, timeout)
  if reason == nil then reason = "normal" end
  return gen.stop(ref, reason, timeout or "infinity")
end

-- As gen_server's: a request whose answer is fetched later.
gen_statem.send_request = gen_server.send_request
gen_statem.receive_response = gen_server.receive_response
gen_statem.wait_response = gen_server.wait_response
gen_statem.check_response = gen_server.check_response

-- {state, data}, as sys:get_state and sys:replace_state
gen_statem.get_state, gen_statem.replace_state = gen.get_state, gen.replace_state
gen_statem.suspend, gen_statem.resume = gen.suspend, gen.resume

return gen_statem
