-- gen_statem.
local lockstep = require "lockstep"
local gen_statem = require "lockstep.gen_statem"
local h = require "helper"
local any = lockstep.any

local function append(log, x)
  local copy = table.move(log, 1, #log, 1, {})
  copy[#copy + 1] = x
  return copy
end

-- A machine in handle_event_function mode: `get` replies with the log, everything else is up to the scenario's function.
local function machine(handle, more)
  local mod = {}
  mod.callback_mode = more and more.enter and { "handle_event_function", "state_enter" } or "handle_event_function"
  function mod.init(arg) return "ok", arg[1], arg[2] end
  function mod.handle_event(kind, content, state, data)
    if kind[1] == "call" and content == "get" then
      return "keep_state_and_data", { { "reply", kind[2], data } }
    end
    return handle(kind, content, state, data)
  end
  mod.terminate = more and more.terminate
  return mod
end

-- These are file-level modules, so that they travel by reference.
local function name_of(kind) return type(kind) == "table" and kind[1] or kind end

local hef = machine(function(kind, content, _, data)
  data = append(data, { name_of(kind), content })
  if name_of(kind) == "call" then return "keep_state", data, { { "reply", kind[2], "ok1" } } end
  return "keep_state", data
end)

local function start(mod, state, data) return gen_statem.start(mod, { state, data or {} }) end
local function cast(p, ...)
  for _, x in ipairs { ... } do gen_statem.cast(p, x) end
end
local function get(p) return gen_statem.call(p, "get") end

lockstep.scenario("sm-basic-hef", function()
  local p = start(hef, "s")
  cast(p, "c1")
  lockstep.send(p, "m1")
  local r = gen_statem.call(p, "q1")
  h.expect({ r, get(p) }, { "ok1", { { "cast", "c1" }, { "info", "m1" }, { "call", "q1" } } })
end)

local switch = { callback_mode = function() return "state_functions" end }
function switch.init() return "ok", "off", 0 end
local function flip(to)
  return function(kind, content, n)
    if kind == "cast" and content == "flip" then return "next_state", to, n + 1 end
    if kind[1] == "call" then
      return "keep_state_and_data", { { "reply", kind[2], { to == "on" and "off" or "on", n } } }
    end
  end
end
switch.off, switch.on = flip "on", flip "off"

lockstep.scenario("sm-state-functions", function()
  local p = gen_statem.start(switch)
  cast(p, "flip", "flip", "flip")
  h.expect(gen_statem.call(p, "count"), { "on", 3 })
end)

local postponing = machine(function(_, content, state, data)
  if content == "go" then return "next_state", "b", data end
  if content == "block" then
    lockstep.send(lockstep.whereis "main", "blocked")
    lockstep.recv_first "unblock"
    return "next_state", "b", data
  end
  if state == "a" then return "keep_state_and_data", { "postpone" } end
  return "keep_state", append(data, content[2])
end)

lockstep.scenario("sm-postpone-order", function()
  local p = start(postponing, "a")
  cast(p, { "w", 1 }, { "w", 2 }, "go", { "w", 3 })
  h.expect(get(p), { 1, 2, 3 })
end)

lockstep.scenario("sm-postpone-queue-order", function()
  lockstep.register("main", lockstep.self())
  local p = start(postponing, "a")
  cast(p, { "w", 1 }, { "w", 2 }, "block")
  lockstep.recv_first "blocked"
  cast(p, { "w", 3 }, { "w", 4 })
  lockstep.send(p, "unblock")
  h.expect(get(p), { 1, 2, 3, 4 })
end)

local door = machine(function(kind, content, state)
  if kind == "cast" and content == "open" then return "next_state", "opened", {} end
  if state == "closed" then
    lockstep.send(lockstep.whereis "main", "seen")
    return "keep_state_and_data", "postpone"
  end
  return "keep_state_and_data", { "reply", kind[2], "welcome" }
end)

lockstep.scenario("sm-postpone-call", function()
  local main = lockstep.self()
  lockstep.register("main", main)
  local p = start(door, "closed")
  lockstep.spawn(function() lockstep.send(main, { "report", gen_statem.call(p, "enter") }) end)
  lockstep.recv_first "seen"
  cast(p, "open")
  h.expect(lockstep.recv_first { "report", any }[2], "welcome")
end)

local inserting = machine(function(kind, content, _, data)
  if content == "go" then
    return "keep_state_and_data", { { "next_event", "internal", "i1" }, { "next_event", "cast", "i2" }, { "next_event", "info", "i3" } }
  elseif content == "block" then
    lockstep.send(lockstep.whereis "main", "blocked")
    lockstep.recv_first "unblock"
    return "keep_state_and_data"
  end
  return "keep_state", append(data, { kind, content })
end)

lockstep.scenario("sm-next-event-order", function()
  lockstep.register("main", lockstep.self())
  local p = start(inserting, "s")
  cast(p, "block")
  lockstep.recv_first "blocked"
  cast(p, "go", "x", "y")
  lockstep.send(p, "unblock")
  h.expect(get(p), { { "internal", "i1" }, { "cast", "i2" }, { "info", "i3" }, { "cast", "x" }, { "cast", "y" } })
end)

local entering = machine(function(kind, content, state, data)
  if kind == "enter" then return "keep_state", append(data, { "enter", content, state }) end
  if content == "go" then return "next_state", "b", append(data, "go"), { { "next_event", "internal", "ins" } } end
  if content == "ins" then return "keep_state", append(data, { "ins", state }) end
  if content == "same" then return "next_state", "b", append(data, "same") end
  if content == "rep" then return "repeat_state", append(data, "rep") end
end, { enter = true })

lockstep.scenario("sm-enter-calls", function()
  local p = start(entering, "a")
  cast(p, "go", "same")
  h.expect(get(p), { { "enter", "a", "a" }, "go", { "enter", "a", "b" }, { "ins", "b" }, "same" })
end)

lockstep.scenario("sm-enter-repeat", function()
  local p = start(entering, "a")
  cast(p, "rep")
  h.expect(get(p), { { "enter", "a", "a" }, "rep", { "enter", "a", "a" } })
end)

local wrong_enter = machine(function(kind, content, state, data)
  if kind == "enter" then
    if state == "a" then return "keep_state_and_data" end
    if data == 1 then return "keep_state_and_data", { "postpone" } end
    if data == 2 then return "keep_state_and_data", { { "next_event", "internal", "x" } } end
    return "next_state", "c", data
  end
  if content == "go" then return "next_state", "b", data end
end, { enter = true })

lockstep.scenario("sm-enter-bad-action", function()
  local results = {}
  for i = 1, 3 do
    local p = start(wrong_enter, "a", i)
    local ref = lockstep.monitor(p)
    cast(p, "go")
    results[i] = h.unstack(h.down(ref))[1][1]
  end
  h.expect(results, { "bad_state_enter_action_from_state_function", "bad_state_enter_action_from_state_function",
    "bad_state_enter_return_from_state_function" })
end)

local timed = machine(function(kind, content, state, data)
  if content == "arm" then return "keep_state_and_data", { { "state_timeout", 30, "t" } } end
  if content == "go" and state == "a" then return "next_state", "b", data end
  return "keep_state", append(data, { kind, content })
end)

lockstep.scenario("sm-state-timeout", function()
  local p = start(timed, "a")
  cast(p, "arm", "x")
  lockstep.sleep(80)
  local q = start(timed, "a")
  cast(q, "arm", "go")
  lockstep.sleep(80)
  h.expect({ get(p), get(q) }, { { { "cast", "x" }, { "state_timeout", "t" } }, {} })
end)

local stopping = machine(function(kind, content, _, data)
  if content == "stop1" then return "stop" end
  if content == "stop2" then return "stop", "why" end
  if content == "stop3" then return "stop", "why3", "newdata" end
  if content == "hang" then return "keep_state_and_data" end
  if content == "die" then return "stop", "gone" end
  if content == "err" then lockstep.error("boom") end
  if content == "r1" then return "foo" end
  if content == "r2" then return "keep_state_and_data", { "bad_action" } end
  if content == "t" then lockstep.throw { "next_state", "b", data } end
  if content == "st" then return "keep_state_and_data", { { "reply", kind[2], "?" } } end
end, { terminate = function(reason, state, data)
  local main = lockstep.whereis "main"
  if main then lockstep.send(main, { reason, state, data }) end
end })

lockstep.scenario("sm-stop-reasons", function()
  lockstep.register("main", lockstep.self())
  local results = {}
  for i, event in ipairs { "stop1", "stop2", "stop3" } do
    local p = start(stopping, "a", "d0")
    local ref = lockstep.monitor(p)
    cast(p, event)
    results[i] = { h.next(), h.down(ref) }
  end
  h.expect(results, { { { "normal", "a", "d0" }, "normal" }, { { "why", "a", "d0" }, "why" },
    { { "why3", "a", "newdata" }, "why3" } })
end)

lockstep.scenario("sm-call-errors", function()
  local p, p2 = start(stopping, "a"), start(stopping, "a")
  local dead = lockstep.spawn(function() end)
  h.await_down(dead)
  local function try(server, request, timeout)
    return h.label(h.raised(gen_statem.call, server, request, timeout), { p = p, p2 = p2, d = dead })
  end
  local a, b, c, d = try(p, "hang", 20), try(dead, "x"), try(p, "die"), try(p2, "err")
  d[3][1] = h.unstack(d[3][1])
  local function shape(why, arguments) return { "raised", "exit", { why, { "gen_statem", "call", arguments } } } end
  h.expect({ a, b, c, d }, { shape("timeout", { "p", "hang", 20 }), shape("noproc", { "d", "x", "infinity" }),
    shape("gone", { "p", "die", "infinity" }), shape({ "boom", "#stack" }, { "p2", "err", "infinity" }) })
end)

lockstep.scenario("sm-unhandled-event", function()
  local p = start(stopping, "a")
  local ref = lockstep.monitor(p)
  cast(p, "unknown")
  h.expect(h.down(ref)[1], "function_clause")
end)

lockstep.scenario("sm-bad-return", function()
  local results = {}
  for i, event in ipairs { "r1", "r2" } do
    local p = start(stopping, "a")
    local ref = lockstep.monitor(p)
    cast(p, event)
    results[i] = h.unstack(h.down(ref))
  end
  h.expect(results, { { { "bad_return_from_state_function", "foo" }, "#stack" },
    { { "bad_action_from_state_function", "bad_action" }, "#stack" } })
end)

local several = machine(function(kind, content, _, data)
  if content == "wait" then
    lockstep.send(lockstep.whereis "main", "stored")
    return "keep_state", append(data, kind[2])
  end
  local actions = {}
  for i, from in ipairs(data) do actions[i] = { "reply", from, i } end
  return "keep_state", {}, actions
end)

lockstep.scenario("sm-reply-multiple", function()
  local main = lockstep.self()
  lockstep.register("main", main)
  local p = start(several, "s")
  for _, name in ipairs { "c1", "c2" } do
    lockstep.spawn(function() lockstep.send(main, { name, gen_statem.call(p, "wait") }) end)
    lockstep.recv_first "stored"
  end
  cast(p, "all")
  h.expect({ lockstep.recv_first { "c1", any }[2], lockstep.recv_first { "c2", any }[2] }, { 1, 2 })
end)

local throwing = machine(function(kind, content, state, data)
  if content == "t" then lockstep.throw { "next_state", "b", data } end
  return "keep_state_and_data", { { "reply", kind[2], state } }
end)

lockstep.scenario("sm-throw-return", function()
  local p = start(throwing, "a")
  cast(p, "t")
  h.expect(gen_statem.call(p, "st"), "b")
end)

local terms = machine(function(_, content, state, data)
  if content == "inc" then return "next_state", { "open", state[2] + 1 }, data end
  if state[2] == 0 then return "keep_state_and_data", "postpone" end
  return "keep_state", append(data, { "w", state })
end)

lockstep.scenario("sm-any-term-state", function()
  local p = start(terms, { "open", 0 })
  cast(p, "w", "inc")
  h.expect(get(p), { { "w", { "open", 1 } } })
end)

local guarded = { callback_mode = "handle_event_function" }
function guarded.init(main)
  lockstep.flag("trap_exit", true)
  return "ok", "s", main
end
function guarded.handle_event(kind, content, _, main)
  lockstep.send(main, { kind, content })
  return "keep_state_and_data"
end
function guarded.terminate(reason, _, main) lockstep.send(main, { "term", reason }) end

lockstep.scenario("sm-trap-exit-parent", function()
  local main, d = lockstep.self(), h.doer()
  local parent = lockstep.spawn(function()
    lockstep.send(main, { "p", gen_statem.start_link(guarded, main) })
    lockstep.recv_first "crash"
    lockstep.exit("crash")
  end)
  local p = lockstep.recv_first { "p", any }[2]
  local ref = lockstep.monitor(p)
  h.within(d, function() return lockstep.exit(p, "hello") end)
  local info = h.label(h.next(), { d = d })
  lockstep.monitor(parent)  -- so that its crash is expected
  lockstep.send(parent, "crash")
  local term = lockstep.recv_first { "term", any }
  h.expect({ info, term, h.down(ref) }, { { "info", { "EXIT", "d", "hello" } }, { "term", "crash" }, "crash" })
end)

local thrice = machine(function(_, content, state, data)
  if content == "go1" then return "next_state", "b", data end
  if content == "go2" then return "next_state", "c", data end
  if state == "a" or state == "b" and content == "w1" then return "keep_state_and_data", { "postpone" } end
  return "keep_state", append(data, { state, content })
end)

lockstep.scenario("sm-postpone-repeat-twice", function()
  local p = start(thrice, "a")
  cast(p, "w1", "w2", "go1", "go2")
  h.expect(get(p), { { "b", "w2" }, { "c", "w1" } })
end)

local at_once = machine(function(_, _, state, data)
  if state == "a" then return "next_state", "b", append(data, "a"), { "postpone" } end
  return "keep_state", append(data, "b")
end)

lockstep.scenario("sm-postpone-and-next-state", function()
  local p = start(at_once, "a")
  cast(p, "e")
  h.expect(get(p), { "a", "b" })
end)

local into = machine(function(kind, content, state, data)
  if content == "go" then return "next_state", "b", data, { { "state_timeout", 20, "t" } } end
  return "keep_state", append(data, { state, kind, content })
end)

lockstep.scenario("sm-state-timeout-after-change", function()
  local p = start(into, "a")
  cast(p, "go")
  lockstep.sleep(60)
  h.expect(get(p), { { "b", "state_timeout", "t" } })
end)

-- Beyond the public cases: zero and named timeouts, updates, replies on stopping.
local zero = machine(function(kind, content, state, data)
  if content == "go" then
    return "next_state", "b", data, { { "timeout", 0, "t0" }, { "next_event", "internal", "first" }, { "state_timeout", 0, "s0" } }
  elseif content == "named" then
    return "keep_state_and_data", { { { "timeout", "x" }, 30, "named" }, { { "timeout", "y" }, 10, "cancelled" } }
  elseif content == "change" then
    return "keep_state_and_data", { { { "timeout", "x" }, "update", "updated" }, { { "timeout", "y" }, "cancel" } }
  elseif content == "quit" then
    return "stop_and_reply", "normal", { { "reply", kind[2], "bye" } }
  end
  return "keep_state", append(data, { kind, content })
end)

lockstep.scenario("zero-timeouts-follow-inserted-events", function()
  local p = start(zero, "a")
  cast(p, "go")
  lockstep.sleep(1)
  h.expect(get(p), { { "internal", "first" }, { "state_timeout", "s0" } })
end)

lockstep.scenario("named-timeouts", function()
  local p = start(zero, "a")
  cast(p, "named", "change")
  lockstep.sleep(50)
  h.expect(get(p), { { { "timeout", "x" }, "updated" } })
  h.expect(gen_statem.call(p, "quit"), "bye")
end)
