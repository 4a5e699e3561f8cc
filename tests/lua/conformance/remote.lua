-- rpc, erpc, pg and global.
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local rpc = require "lockstep.rpc"
local erpc = require "lockstep.erpc"
local pg = require "lockstep.pg"
local global = require "lockstep.global"
local gen_server = require "lockstep.gen_server"
local h = require "helper"
local any = lockstep.any

local function badrpc(value, failed) return failed or value end
local function block() lockstep.recv_first "never" end
-- A lost connection is noticed after seconds.
local function until_(f)
  while not f() do lockstep.sleep(500) end
end
local function nap(ms) lockstep.sleep(ms) end

-- The cases speak of two nodes, A and B.
local function nodes() return cluster.start_nodes { "a", "b" } end
local function cut() cluster.partition("a", "b") end

lockstep.scenario("rpc-call-nodedown", function()
  nodes()
  local main = lockstep.self()
  local results = cluster.run("a", function()
    local r1 = badrpc(rpc.call("b", function() nap(10000) end, 30))
    local c = lockstep.spawn(function()
      local r2 = badrpc(rpc.call("b", function()
        lockstep.send(main, "running")
        block()
      end))
      lockstep.send(main, { "r2", r2 })
    end)
    return { r1, lockstep.is_pid(c) }
  end)
  lockstep.recv_first "running"
  cut()
  local r2 = lockstep.recv_first({ "r2", any })[2]
  local r3 = cluster.run("a", function() return badrpc(rpc.call("b", function() return 1 end)) end)
  h.expect({ results[1], r2, r3 }, { { "badrpc", "timeout" }, { "badrpc", "nodedown" }, { "badrpc", "nodedown" } })
end)

lockstep.scenario("rpc-cast", function()
  nodes()
  local main = lockstep.self()
  cluster.run("b", function()
    local col = lockstep.spawn(function()
      lockstep.send(main, { "got", (lockstep.recv()) })
      block()
    end)
    lockstep.register("col", col)
  end)
  local function send() lockstep.send("col", "did") end
  local r1 = cluster.run("a", function() return rpc.cast("b", send) end)
  local got = lockstep.recv_first({ "got", any })[2]
  cut()
  h.expect({ r1, { got }, cluster.run("a", function() return rpc.cast("b", send) end) }, { true, { "did" }, true })
end)

lockstep.scenario("erpc-call", function()
  nodes()
  local results = cluster.run("a", function()
    local list = {}
    for i, f in ipairs { function() return 1 end, function() lockstep.error "boom" end, function() lockstep.throw "t" end,
      function() lockstep.exit "bye" end, function() lockstep.exit(lockstep.self(), "kill") block() end } do
      list[i] = h.raised(erpc.call, "b", f)
    end
    list[6] = h.raised(erpc.call, "b", block, 20)
    list[7] = h.raised(erpc.call, "no@where", block)
    list[2][3][3] = "#stack"
    return list
  end)
  h.expect(results, { 1, { "raised", "error", { "exception", "boom", "#stack" } }, { "raised", "throw", "t" },
    { "raised", "exit", { "exception", "bye" } }, { "raised", "exit", { "signal", "killed" } },
    { "raised", "error", { "erpc", "timeout" } }, { "raised", "error", { "erpc", "noconnection" } } })
end)

lockstep.scenario("erpc-multicall", function()
  nodes()
  local both = cluster.run("a", function()
    return { erpc.multicall({ "a", "b", "no@where" }, function()
      if lockstep.node() == "a" then return "a" end
      lockstep.throw "t"
    end), erpc.multicall({ "b" }, function() lockstep.exit "x" end) }
  end)
  h.expect(both, { { { "ok", "a" }, { "throw", "t" }, { "error", { "erpc", "noconnection" } } },
    { { "exit", { "exception", "x" } } } })
end)

lockstep.scenario("pg-death", function()
  pg.start_link "sc"
  local p, q = h.idle(), h.idle()
  pg.join("sc", "g1", { p, p })
  pg.join("sc", "g2", p)
  pg.join("sc", "g1", q)
  lockstep.exit(p, "kill")
  until_(function() return #pg.get_members("sc", "g1") == 1 end)
  until_(function() return #pg.get_members("sc", "g2") == 0 end)
  h.expect({ h.label(pg.get_members("sc", "g1"), { q = q }), pg.get_members("sc", "g2"), pg.which_groups "sc" },
    { { "q" }, {}, { "g1" } })
end)

lockstep.scenario("pg-monitor-and-leave", function()
  pg.start_link()
  local p = h.idle()
  local ref, members = pg.monitor "g"
  h.expect(members, {})
  pg.join("g", { p, p })
  h.expect(h.next(), { ref, "join", "g", { p, p } })
  h.expect({ pg.leave("g", p), #pg.get_local_members "g", pg.leave("g", h.idle()) }, { "ok", 1, "not_joined" })
  h.expect(h.next(), { ref, "leave", "g", { p } })
  pg.demonitor(ref)
  pg.leave("g", p)
  h.expect({ pg.which_groups(), h.drain() }, { {}, {} })
end)

-- The list that was given, as OTP 25 tells it, also where somebody in it had not joined so often.
lockstep.scenario("pg-leave-tells-the-list", function()
  pg.start_link()
  local p, q = h.idle(), h.idle()
  pg.join("g", { p, q })
  local ref = pg.monitor "g"
  h.expect(pg.leave("g", { p, p, q }), "ok")
  h.expect(h.next(), { ref, "leave", "g", { p, p, q } })
  h.expect({ pg.leave("g", { p, q }), h.drain() }, { "not_joined", {} })
end)

lockstep.scenario("pg-remote-pid-join", function()
  nodes()
  local q = cluster.spawn("b", block)
  local r = cluster.run("a", function()
    pg.start "sc"
    local raised = h.raised(pg.join, "sc", "g", q)
    return { raised[2], raised[3][1] }
  end)
  h.expect(r, { "error", "nolocal" })
end)

lockstep.scenario("global-names-on-one-node", function()
  local p, q = h.idle(), h.idle()
  h.expect({ global.register_name("g", p), global.register_name("g", q), global.register_name("h", p) }, { "yes", "no", "no" })
  h.expect({ global.whereis_name "g", global.registered_names() }, { p, { "g" } })
  h.expect(h.raised(global.send, "nog", "hi"), { "raised", "exit", { "badarg", { "nog", "hi" } } })
  h.expect(global.re_register_name("g", q), "yes")
  lockstep.exit(q, "kill")
  until_(function() return global.whereis_name "g" == nil end)
  h.expect({ global.register_name("g", p), global.unregister_name "g" }, { "yes", "ok" })
  h.expect(global.whereis_name "g", nil)
end)

lockstep.scenario("global-locks", function()
  local main = lockstep.self()
  h.expect(global.set_lock({ "res", 1 }), true)
  h.expect(global.set_lock({ "res", 1 }), true)
  lockstep.spawn(function()
    lockstep.send(main, { "other", global.set_lock({ "res", 2 }, nil, 0) })
    lockstep.send(main, { "trans", global.trans({ "res", 2 }, function() return "done" end) })
  end)
  h.expect(lockstep.recv_first { "other", any }, { "other", false })
  global.del_lock { "res", 1 }
  global.del_lock { "res", 1 }
  h.expect(lockstep.recv_first { "trans", any }, { "trans", "done" })
end)

local echo = {}
function echo.init() return "ok", 0 end
function echo.handle_call(_, _, s) return "reply", "pong", s end

lockstep.scenario("global-gen-server-on-one-node", function()
  local p = gen_server.start({ "global", "gs1" }, echo)
  local again = h.label(h.answer(gen_server.start({ "global", "gs1" }, echo)), { p = p })
  local pong = gen_server.call({ "global", "gs1" }, "ping")
  local gone = h.raised(gen_server.call, { "global", "nope" }, "ping")
  gen_server.stop { "global", "gs1" }
  until_(function() return global.whereis_name "gs1" == nil end)
  h.expect({ again, pong, gone }, { { "error", { "already_started", "p" } }, "pong",
    { "raised", "exit", { "noproc", { "gen_server", "call", { { "global", "nope" }, "ping" } } } } })
end)

-- ---- two nodes ----

-- A process on a node that keeps what it is sent and shows it when asked.
local function collector(node)
  return cluster.spawn(node, function()
    local got = {}
    while true do
      local m = lockstep.recv()
      if type(m) == "table" and m[1] == "show" then
        lockstep.send(m[2], { m[3], got })
      else
        got[#got + 1] = m
      end
    end
  end)
end
local function shown(p)
  local ref = lockstep.make_ref()
  lockstep.send(p, { "show", lockstep.self(), ref })
  return lockstep.recv_first({ ref, any })[2]
end
local function on(node, fn, ...) return cluster.run(node, fn, ...) end
local function whereis(node, name) return on(node, global.whereis_name, name) or "undefined" end
local function await_name(node, name, pid) until_(function() return whereis(node, name) == pid end) end
local function alive(node, pid) return on(node, lockstep.alive, pid) end
local function cut_noticed()
  cut()
  until_(function() return #on("a", lockstep.nodes) == 0 and #on("b", lockstep.nodes) == 0 end)
end

lockstep.scenario("pg-remote", function()
  nodes()
  local function start() pg.start "sc" end
  on("a", start)
  on("b", start)
  local p, q = cluster.spawn("a", block), cluster.spawn("b", block)
  local labels = { p = p, q = q }
  on("a", pg.join, "sc", "g", p)
  on("b", pg.join, "sc", "g", q)
  local function count(node) return #on(node, pg.get_members, "sc", "g") end
  local function both(n) until_(function() return count "a" == n and count "b" == n end) end
  both(2)
  local r1, r2 = count "a", h.label(on("a", pg.get_local_members, "sc", "g"), labels)
  cut()
  both(1)
  local r3, r4 = h.label(on("a", pg.get_members, "sc", "g"), labels), h.label(on("b", pg.get_members, "sc", "g"), labels)
  cluster.heal()
  both(2)
  h.expect({ r1, r2, r3, r4, count "a" }, { 2, { "p" }, { "p" }, { "q" }, 2 })
end)

lockstep.scenario("global-auto-unregister", function()
  nodes()
  local p, q = cluster.spawn("a", block), cluster.spawn("b", block)
  local r1 = on("a", global.register_name, "g2", p)
  lockstep.exit(p, "kill")
  await_name("a", "g2", "undefined")
  await_name("b", "g2", "undefined")
  h.expect({ r1, whereis("a", "g2"), whereis("b", "g2"), on("b", global.register_name, "g2", q) },
    { "yes", "undefined", "undefined", "yes" })
end)

lockstep.scenario("global-send", function()
  nodes()
  local c = collector "b"
  on("b", global.register_name, "g4", c)
  local v = on("a", function() return global.send("g4", "hi") == c end)
  local r = on("a", function() return h.raised(global.send, "nog", "hi") end)
  until_(function() return #shown(c) > 0 end)
  h.expect({ v, shown(c), r }, { true, { "hi" }, { "raised", "exit", { "badarg", { "nog", "hi" } } } })
end)

lockstep.scenario("global-nodedown", function()
  nodes()
  local p, q = cluster.spawn("a", block), cluster.spawn("b", block)
  on("a", global.register_name, "ga", p)
  on("b", global.register_name, "gb", q)
  cut()
  await_name("a", "gb", "undefined")
  await_name("b", "ga", "undefined")
  local r1 = { whereis("a", "ga") == p, whereis("a", "gb") }
  local r2 = { whereis("b", "ga"), whereis("b", "gb") == q }
  cluster.heal()
  await_name("a", "gb", q)
  await_name("b", "ga", p)
  h.expect({ r1, r2 }, { { true, "undefined" }, { "undefined", true } })
end)

lockstep.scenario("global-conflict-default", { crashes = "allow" }, function()
  nodes()
  cut_noticed()
  local p, q = cluster.spawn("a", block), cluster.spawn("b", block)
  local main = lockstep.self()
  cluster.spawn("b", function()
    local ref = lockstep.monitor(q)
    lockstep.send(main, "watching")
    lockstep.send(main, { "why", h.down(ref) })
  end)
  lockstep.recv_first "watching"
  local r1, r2 = on("a", global.register_name, "gc", p), on("b", global.register_name, "gc", q)
  cluster.heal()
  local why = lockstep.recv_first({ "why", any })[2]
  await_name("b", "gc", p)
  h.expect({ r1, r2, alive("a", p), alive("b", q), whereis("a", "gc") == p, whereis("b", "gc") == p, why },
    { "yes", "yes", true, false, true, true, "killed" })
end)

lockstep.scenario("global-conflict-notify", function()
  nodes()
  local p, q = collector "a", collector "b"
  cut_noticed()
  on("a", global.register_name, "gn", p, global.notify_all_name)
  on("b", global.register_name, "gn", q, global.notify_all_name)
  cluster.heal()
  until_(function() return #shown(p) > 0 and #shown(q) > 0 end)
  await_name("a", "gn", "undefined")
  await_name("b", "gn", "undefined")
  local labels = { p = p, q = q }
  h.expect({ h.label(shown(p), labels), h.label(shown(q), labels) },
    { { { "global_name_conflict", "gn", "q" } }, { { "global_name_conflict", "gn", "p" } } })
end)

local function greater(_, p1, p2) return lockstep.node(p1) > lockstep.node(p2) and p1 or p2 end

lockstep.scenario("global-conflict-custom", function()
  nodes()
  local p, q = cluster.spawn("a", block), cluster.spawn("b", block)
  cut_noticed()
  on("a", global.register_name, "gk", p, greater)
  on("b", global.register_name, "gk", q, greater)
  cluster.heal()
  await_name("a", "gk", q)
  await_name("b", "gk", q)
  h.expect({ alive("a", p), alive("b", q) }, { true, true })
end)

lockstep.scenario("global-gen-server", function()
  nodes()
  local name = { "global", "gs1" }
  local p = on("a", gen_server.start, name, echo)
  local again = on("b", function() return h.answer(gen_server.start(name, echo)) end)
  local pong = on("b", gen_server.call, name, "ping")
  local gone = on("b", function() return h.raised(gen_server.call, { "global", "nope" }, "ping") end)
  on("a", gen_server.stop, name)
  await_name("b", "gs1", "undefined")
  h.expect({ h.label(again, { p = p }), pong, gone }, { { "error", { "already_started", "p" } }, "pong",
    { "raised", "exit", { "noproc", { "gen_server", "call", { { "global", "nope" }, "ping" } } } } })
end)

lockstep.scenario("nd-global-register-race", function()
  nodes()
  local main = lockstep.self()
  for _, node in ipairs { "a", "b" } do
    cluster.spawn(node, function()
      lockstep.send(main, { "answer", node, global.register_name("g", lockstep.self()) })
      block()
    end)
  end
  local answers = { lockstep.recv_first({ "answer", "a", any })[3], lockstep.recv_first({ "answer", "b", any })[3] }
  if not h.same(answers, { "yes", "no" }) then h.expect(answers, { "no", "yes" }) end
end)
