-- gen_server, and Elixir's exit shapes.
local lockstep = require "lockstep"
local gen_server = require "lockstep.gen_server"
local h = require "helper"
local any = lockstep.any

-- A server of callbacks given by the scenario: each a function; records with log.
local function append(state, x)
  local s = table.move(state, 1, #state, 1, {})
  s[#s + 1] = x
  return s
end

local basic = {}
function basic.init(state) return "ok", state end
function basic.handle_call(request, from, state)
  if request == "get" then return "reply", state, state end
  if request == "ping" then return "reply", "pong", state end
  if type(request) == "table" and request[1] == "run" then return request[2](from, state) end
end
function basic.handle_cast(request, state)
  if type(request) == "table" and request[1] == "run" then return request[2](state) end
  return "noreply", append(state, request)
end
function basic.handle_info(m, state) return "noreply", append(state, m) end

local function start(state) return gen_server.start(basic, state or {}) end
-- A call that runs fn(from, state) in the server.
local function run(p, fn, timeout) return gen_server.call(p, { "run", fn }, timeout) end

local init_from = {}
function init_from.init(fn) return fn() end
function init_from.handle_call(_, _, state) return "reply", state, state end

lockstep.scenario("gs-init-stop", function()
  local a = h.answer(gen_server.start(init_from, function() return "stop", "bad" end))
  lockstep.flag("trap_exit", true)
  local b = h.answer(gen_server.start_link(init_from, function() return "stop", "worse" end))
  h.expect({ a, b, h.label(h.next()) }, { { "error", "bad" }, { "error", "worse" }, { "EXIT", "pid", "worse" } })
end)

lockstep.scenario("gs-init-ignore", function()
  lockstep.flag("trap_exit", true)
  local a = gen_server.start_link("gsi1", init_from, function() return "ignore" end)
  h.expect({ a, h.label(h.next()), lockstep.whereis("gsi1") or "undefined" },
    { "ignore", { "EXIT", "pid", "normal" }, "undefined" })
end)

lockstep.scenario("gs-init-crash", function()
  local function try(fn) return h.answer(gen_server.start(init_from, fn)) end
  local a = try(function() lockstep.error("boom") end)
  a[2] = h.unstack(a[2])
  local b = try(function() lockstep.exit("bye") end)
  local c = try(function() lockstep.throw { "ok", "thrown_state" } end)
  local d = try(function() return "foo" end)
  h.expect({ a, b, gen_server.call(c, "get"), d },
    { { "error", { "boom", "#stack" } }, { "error", "bye" }, "thrown_state", { "error", { "bad_return_value", "foo" } } })
end)

lockstep.scenario("gs-call-self", function()
  local p = start()
  local r = run(p, function(_, s)
    return "reply", h.label(h.raised(gen_server.call, lockstep.self(), "x"), { self = lockstep.self() }), s
  end)
  h.expect(r, { "raised", "exit", { "calling_self", { "gen_server", "call", { "self", "x" } } } })
end)

local stopper = { init = basic.init }
function stopper.handle_call(request, _, state) return "stop", request[2], state end

lockstep.scenario("gs-call-server-stops-noreply", function()
  local results = {}
  for i, reason in ipairs { "normal", "shutdown", "custom" } do
    local p = gen_server.start(stopper, {})
    results[i] = h.label(h.raised(gen_server.call, p, { "stop", reason }), { p = p })
  end
  local function shape(r) return { "raised", "exit", { r, { "gen_server", "call", { "p", { "stop", r } } } } } end
  h.expect(results, { shape "normal", shape "shutdown", shape "custom" })
end)

local reporting = { init = function(main) return "ok", main end }
function reporting.handle_call(request, from, main)
  if request == "quit" then return "stop", "normal", "bye", { main, "st2" } end
  if request == "crash" then lockstep.error("boom") end
  if request == "ping" then return "reply", "pong", main end
  return basic.handle_call(request, from, main)
end
function reporting.handle_cast(request, main)
  if request[1] == "stop" then return "stop", request[2], main end
  if request[1] == "exit" then lockstep.exit(request[2]) end
end
function reporting.terminate(reason, state)
  if type(state) == "table" then
    lockstep.send(state[1], { "terminated", reason, state[2] })
  else
    lockstep.send(state, { "terminate", h.unstack(reason) })
  end
end

lockstep.scenario("gs-call-stop-reply", function()
  local p = gen_server.start(reporting, lockstep.self())
  local ref = lockstep.monitor(p)
  local v = gen_server.call(p, "quit")
  local report = h.next()
  h.expect({ v, report, h.next()[5] }, { "bye", { "terminated", "normal", "st2" }, "normal" })
  h.expect(ref ~= nil, true)
end)

local crasher = { init = basic.init }
function crasher.handle_call(request)
  if request == "err" then lockstep.error("boom") end
  if request == "ex" then lockstep.exit("bye") end
end

lockstep.scenario("gs-call-crash", function()
  local results = {}
  for i, variant in ipairs { "err", "ex" } do
    local p = gen_server.start(crasher, {})
    local ref = lockstep.monitor(p)
    local a = h.label(h.raised(gen_server.call, p, variant), { p = p })
    a[3][1] = h.unstack(a[3][1])
    results[i] = { a, h.unstack(h.down(ref)) }
  end
  h.expect(results, {
    { { "raised", "exit", { { "boom", "#stack" }, { "gen_server", "call", { "p", "err" } } } }, { "boom", "#stack" } },
    { { "raised", "exit", { "bye", { "gen_server", "call", { "p", "ex" } } } }, "bye" },
  })
end)

local thrower = { init = basic.init }
function thrower.handle_call(_, _, state) lockstep.throw { "reply", "thrown", state } end

lockstep.scenario("gs-throw-is-return", function()
  local p = gen_server.start(thrower, {})
  h.expect({ gen_server.call(p, "t"), lockstep.alive(p) }, { "thrown", true })
end)

local bad = { init = basic.init }
function bad.handle_call() return "foo" end
function bad.handle_cast() return "bar" end

lockstep.scenario("gs-bad-return", function()
  local p = gen_server.start(bad, {})
  local a = h.label(h.raised(gen_server.call, p, "bad"), { p = p })
  local q = gen_server.start(bad, {})
  local ref = lockstep.monitor(q)
  gen_server.cast(q, "bad")
  h.expect({ a, h.down(ref) }, {
    { "raised", "exit", { { "bad_return_value", "foo" }, { "gen_server", "call", { "p", "bad" } } } },
    { "bad_return_value", "bar" } })
end)

local bare = { init = basic.init }
function bare.handle_call(request, _, state)
  if request == "known" then return "reply", "fine", state end
end

lockstep.scenario("gs-missing-clause", function()
  local p = gen_server.start(bare, {})
  lockstep.send(p, "junk")
  local a = gen_server.call(p, "known")
  local b = h.label(h.raised(gen_server.call, p, "unknown"), { p = p })
  b[3][1] = h.unstack(b[3][1])
  local q = gen_server.start(bare, {})
  local ref = lockstep.monitor(q)
  gen_server.cast(q, "x")
  local c = h.unstack(h.down(ref))
  h.expect({ a, b, c }, { "fine",
    { "raised", "exit", { { "function_clause", "#stack" }, { "gen_server", "call", { "p", "unknown" } } } },
    { "undef", "#stack" } })
end)

local waiting = { init = function() return "ok", {} end }
function waiting.handle_call(request, from, state)
  if request == "size" then
    local n = 0
    for _ in pairs(state) do n = n + 1 end
    return "reply", n, state
  elseif request[1] == "wait" then
    state[request[2]] = from
    return "noreply", state
  end
  return "reply", state[request[2]], state
end
function waiting.handle_cast(request, state)
  gen_server.reply(state[request[2]], { "released", request[2] })
  return "noreply", state
end

lockstep.scenario("gs-noreply-reply-later", function()
  local p, main = gen_server.start(waiting), lockstep.self()
  for name, key in pairs { c1 = "a", c2 = "b" } do
    lockstep.spawn(function() lockstep.send(main, { name, gen_server.call(p, { "wait", key }) }) end)
  end
  h.until_(function() return gen_server.call(p, "size") == 2 end)
  gen_server.cast(p, { "release", "b" })
  local second = lockstep.recv_first { "c2", any }
  local d = h.doer()
  local from = gen_server.call(p, { "get_from", "a" })
  h.within(d, function() return gen_server.reply(from, "by_doer") end)
  local first = lockstep.recv_first { "c1", any }
  h.expect({ second, first }, { { "c2", { "released", "b" } }, { "c1", "by_doer" } })
end)

local continuing = { init = function(main) return "ok", { main = main, log = {} } end }
function continuing.handle_call(request, _, s)
  if request == "go" then return "reply", "replied", s, { "continue", "one" } end
  if request == "get" then return "reply", s.log, s end
  lockstep.send(s.main, "blocked")
  lockstep.recv_first "unblock"
  return "reply", "ok", s
end
function continuing.handle_continue(what, s)
  s.log[#s.log + 1] = what
  if what == "one" then return "noreply", s, { "continue", "two" } end
  return "noreply", s
end
function continuing.handle_cast(x, s)
  s.log[#s.log + 1] = x
  return "noreply", s
end

lockstep.scenario("gs-continue-after-reply", function()
  local main = lockstep.self()
  local p = gen_server.start(continuing, main)
  lockstep.spawn(function() gen_server.call(p, "block") end)
  lockstep.recv_first "blocked"
  lockstep.spawn(function() lockstep.send(main, { "g", gen_server.call(p, "go") }) end)
  h.until_(function() return lockstep.process_info(p, "message_queue_len") == 1 end)
  gen_server.cast(p, "x")
  lockstep.send(p, "unblock")
  local g = lockstep.recv_first { "g", any }
  h.expect({ g[2], gen_server.call(p, "get") }, { "replied", { "one", "two", "x" } })
end)

local timing = {}
function timing.init(first)
  if first then lockstep.send(lockstep.self(), first) end
  return "ok", {}, 0
end
function timing.handle_call(_, _, s) return "reply", s, s end
function timing.handle_info(m, s) return "noreply", append(s, m) end

lockstep.scenario("gs-timeout-zero", function()
  local results = {}
  for i, first in ipairs { false, "msg" } do
    local p = gen_server.start(timing, first)
    lockstep.sleep(20)
    results[i] = gen_server.call(p, "get")
  end
  h.expect(results, { { "timeout" }, { "msg" } })
end)

lockstep.scenario("gs-terminate-on-stop", function()
  local p = gen_server.start(reporting, lockstep.self())
  local ref = lockstep.monitor(p)
  gen_server.cast(p, { "stop", "done" })
  local first = { h.next(), h.next()[5] }
  local q = gen_server.start(reporting, lockstep.self())
  lockstep.monitor(q)
  pcall(gen_server.call, q, "crash")
  local second = { h.next(), h.unstack(h.next()[5]) }
  h.expect({ first, second }, { { { "terminate", "done" }, "done" },
    { { "terminate", { "boom", "#stack" } }, { "boom", "#stack" } } })
  h.expect(ref ~= nil, true)
end)

local trapping = {}
function trapping.init(main)
  lockstep.flag("trap_exit", true)
  return "ok", main
end
function trapping.handle_call(request, _, main)
  if request[1] == "link" then
    lockstep.link(request[2])
    h.sync(request[2])
  end
  return "reply", "pong", main
end
function trapping.handle_info(m, main)
  lockstep.send(main, { "info", m })
  return "noreply", main
end

lockstep.scenario("gs-terminate-exit-signal", function()
  local main, d = lockstep.self(), h.doer()
  local p1 = gen_server.start(reporting, main)
  local ref = lockstep.monitor(p1)
  h.within(d, function() return lockstep.exit(p1, "shutdown") end)
  local why = h.down(ref)
  local reports = h.drain()
  local p2 = gen_server.start(trapping, main)
  h.within(d, function() return lockstep.exit(p2, "shutdown") end)
  local report = h.label(h.next(), { d = d })
  h.expect({ { why, reports }, report, lockstep.alive(p2) },
    { { "shutdown", {} }, { "info", { "EXIT", "d", "shutdown" } }, true })
end)

lockstep.scenario("gs-terminate-parent-exit-notrap", function()
  local main = lockstep.self()
  local function try(reason)
    local parent = lockstep.spawn(function()
      lockstep.send(main, { "server", gen_server.start_link(reporting, main) })
      local r = lockstep.recv_first { "exit", any }
      lockstep.exit(r[2])
    end)
    local p = lockstep.recv_first { "server", any }[2]
    local ref = lockstep.monitor(p)
    local gone = lockstep.monitor(parent)
    lockstep.send(parent, { "exit", reason })
    h.down(gone)
    return p, ref
  end
  local _, ref = try "crash"
  local why = h.down(ref)
  local a = { h.drain(), why }
  local q, unused = try "normal"
  h.sync(q)
  lockstep.demonitor(unused)
  h.expect({ a, { h.drain(), lockstep.alive(q) } }, { { {}, "crash" }, { {}, true } })
end)

lockstep.scenario("gs-linked-nonparent-exit", function()
  local p, other = gen_server.start(trapping, lockstep.self()), h.idle()
  gen_server.call(p, { "link", other })
  lockstep.exit(other, "crash")
  h.expect({ h.label(h.next(), { o = other }), gen_server.call(p, { "ping" }) },
    { { "info", { "EXIT", "o", "crash" } }, "pong" })
end)

lockstep.scenario("gs-stop", function()
  local p1 = gen_server.start(reporting, lockstep.self())
  lockstep.monitor(p1)
  local a = { gen_server.stop(p1), h.next(), h.next()[5] }
  local p2 = gen_server.start(reporting, lockstep.self())
  lockstep.monitor(p2)
  local b = { gen_server.stop(p2, "shutdown", 1000), h.next(), h.next()[5] }
  h.expect({ a, b, h.raised(gen_server.stop, p1), h.raised(gen_server.stop, "no_such_srv") }, {
    { "ok", { "terminate", "normal" }, "normal" }, { "ok", { "terminate", "shutdown" }, "shutdown" },
    { "raised", "exit", "noproc" }, { "raised", "exit", "noproc" } })
end)

local slow_end = { init = function(main) return "ok", main end }
function slow_end.terminate(_, main)
  lockstep.sleep(30)
  lockstep.send(main, "cleaned")
end

lockstep.scenario("gs-stop-sync", function()
  local p = gen_server.start(slow_end, lockstep.self())
  gen_server.stop(p)
  h.expect({ lockstep.alive(p), h.next(0) }, { false, "cleaned" })
end)

lockstep.scenario("gs-message-order-one-client", function()
  local p = start()
  gen_server.cast(p, "c1")
  lockstep.send(p, "m1")
  gen_server.cast(p, "c2")
  lockstep.send(p, "m2")
  h.expect(gen_server.call(p, "get"), { "c1", "m1", "c2", "m2" })
end)

lockstep.scenario("gs-start-link-crash", function()
  local main = lockstep.self()
  local helper = lockstep.spawn(function()
    lockstep.send(main, { "p", gen_server.start_link(reporting, main) })
    lockstep.recv_first "never"
  end)
  local ref = lockstep.monitor(helper)
  gen_server.cast(lockstep.recv_first { "p", any }[2], { "exit", "bad" })
  h.expect(h.down(ref), "bad")
end)

local requests = { init = basic.init }
function requests.handle_call(request, _, state)
  if request == "q" then return "reply", "ans", state end
  if request == "hang" then return "noreply", state end
  lockstep.exit("dead")
end

lockstep.scenario("gs-send-request", function()
  local p = gen_server.start(requests, {})
  local function ask(request, timeout)
    local kind, value = gen_server.receive_response(gen_server.send_request(p, request), timeout)
    if kind == nil then return { "error", h.label(value, { p = p }) } end
    return kind == "reply" and { "reply", value } or kind
  end
  h.expect({ ask("q", 1000), ask("hang", 20), ask("die", 1000) },
    { { "reply", "ans" }, "timeout", { "error", { "dead", "p" } } })
end)

lockstep.scenario("gs-multi-call-local", function()
  gen_server.start("gsmc", basic, {})
  local here = lockstep.node()
  local function call(name) return h.label({ gen_server.multi_call({ here }, name, "ping", 1000) }, { n = here }) end
  h.expect({ call "gsmc", call "gs_nope" }, { { { { "n", "pong" } }, {} }, { {}, { "n" } } })
end)

lockstep.scenario("gs-call-caller-dies", function()
  local main = lockstep.self()
  local p = gen_server.start(continuing, main)
  local c = lockstep.spawn(function() gen_server.call(p, "block") end)
  lockstep.recv_first "blocked"
  lockstep.exit(c, "kill")
  h.await_down(c)
  lockstep.send(p, "unblock")
  h.expect(gen_server.call(p, "get"), {})
end)

local sleepy = { init = basic.init }
function sleepy.handle_call(_, _, s) return "reply", "zzz", s, "hibernate" end

lockstep.scenario("gs-hibernate", function()
  local p = gen_server.start(sleepy, {})
  h.expect({ gen_server.call(p, "h"), gen_server.call(p, "h") }, { "zzz", "zzz" })
end)

local armed = { init = basic.init }
function armed.handle_call(_, _, s) return "reply", "ok", s, 30 end
function armed.handle_info(m, s) return "noreply", append(s, m) end

lockstep.scenario("gs-timeout-restart-on-system", function()
  local p = gen_server.start(armed, {})
  gen_server.call(p, "arm")
  gen_server.get_state(p)
  lockstep.sleep(120)
  h.expect(gen_server.get_state(p), { "timeout" })
end)

-- Elixir's shape names GenServer and always shows the timeout; ours is gen_server's, which shows it when it was given.
lockstep.scenario("exgs-call-exits", function()
  local p = gen_server.start(requests, {})
  local dead = lockstep.spawn(function() end)
  h.await_down(dead)
  local function try(server, request, timeout)
    return h.label(h.raised(gen_server.call, server, request, timeout), { p = p, d = dead })
  end
  local function shape(why, arguments) return { "raised", "exit", { why, { "gen_server", "call", arguments } } } end
  h.expect({ try(p, "hang", 20), try(dead, "x", 5000), try(p, "die", 5000), try("no_such_gs", "x", 5000) }, {
    shape("timeout", { "p", "hang", 20 }), shape("noproc", { "d", "x", 5000 }), shape("dead", { "p", "die", 5000 }),
    shape("noproc", { "no_such_gs", "x", 5000 }) })
end)
