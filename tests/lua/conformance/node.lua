-- Nodes: what a lost connection does to links, monitors and messages. A and B are nodes "a" and "b"; main observes.
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local gen_server = require "lockstep.gen_server"
local h = require "helper"
local any = lockstep.any
local send, recv, self = lockstep.send, lockstep.recv, lockstep.self

-- "Both sides notice at once."
local function nodes()
  cluster.start_nodes { "a", "b" }
  cluster.set_net_ticktime(0)
end
local function cut() cluster.partition("a", "b") end
local function idle() lockstep.recv_first "stop" end
-- A process that executes the functions it is sent, and tells main the result.
local function doer(node, main)
  return cluster.spawn(node, function()
    while true do
      local m = lockstep.recv_first { "do", any }
      send(main, { "did", m[2]() })
    end
  end)
end
local function ask(pid, f)
  send(pid, { "do", f })
  return lockstep.recv_first({ "did", any })[2]
end
-- Collects whatever else it is sent; {"report", pid, n} asks for n messages.
local function collector()
  local got = {}
  while true do
    local m = recv()
    if type(m) == "table" and m[1] == "report" then
      while #got < m[3] do got[#got + 1] = (recv()) end
      send(m[2], { "report", got })
    else
      got[#got + 1] = m
    end
  end
end
local function report(pid, n)
  send(pid, { "report", self(), n })
  return lockstep.recv_first({ "report", any })[2]
end

lockstep.scenario("node-nodes-lists", function()
  nodes()
  local function seen(node) return cluster.run(node, lockstep.nodes) end
  local before = { h.same(seen "a", { "b" }), h.same(seen "b", { "a" }) }
  cut()
  local a, b = seen "a", seen "b"
  cluster.heal()
  h.expect({ before[1], before[2], a, b, h.same(seen "a", { "b" }) }, { true, true, {}, {}, true })
end)

lockstep.scenario("node-monitor-node", function()
  nodes()
  local main = self()
  local p = doer("a", main)
  local r = ask(p, function()
    local out = {}
    for i, on in ipairs { true, true, true, false } do out[i] = lockstep.monitor_node("b", on) end
    return out
  end)
  cut()
  local got = ask(p, function() return { (recv()), (recv()), (recv(100)) } end)
  h.expect({ r, got }, { { true, true, true, true }, { { "nodedown", "b" }, { "nodedown", "b" } } })
end)

lockstep.scenario("node-monitor-nodes", function()
  nodes()
  local p = doer("a", self())
  local ok = ask(p, function() return cluster.monitor_nodes(true) end)
  cut()
  local down = ask(p, function() return (recv()) end)
  cluster.heal()
  local up = ask(p, function() return (recv()) end)
  h.expect({ ok, { down, up } }, { "ok", { { "nodedown", "b" }, { "nodeup", "b" } } })
end)

lockstep.scenario("node-link-noconnection", function()
  nodes()
  local main = self()
  local q1 = cluster.spawn("b", function()
    lockstep.flag("trap_exit", true)
    send(main, "q1 ready")
    send(main, { "q1", (recv()) })
  end)
  lockstep.recv_first "q1 ready"
  local p = cluster.spawn("a", function()
    lockstep.flag("trap_exit", true)
    lockstep.link(q1)
    send(main, "linked")
    send(main, { "p", (recv()) })
  end)
  lockstep.recv_first "linked"
  local q2 = cluster.spawn("b", idle)
  local p2 = cluster.spawn("a", function()
    lockstep.link(q2)
    send(main, "linked")
    idle()
  end)
  lockstep.recv_first "linked"
  local r2, s2 = lockstep.monitor(p2), lockstep.monitor(q2)
  lockstep.sleep(1) -- the link requests have arrived
  cut()
  local from_p = lockstep.recv_first({ "p", any })[2]
  local from_q = lockstep.recv_first({ "q1", any })[2]
  local why_p = lockstep.recv_first({ "DOWN", r2, any, any, any })[5]
  local why_q = lockstep.recv_first({ "DOWN", s2, any, any, any })[5]
  h.expect({ { h.label(from_p, { q = q1 }) }, { h.label(from_q, { p = p }) }, why_p, why_q },
    { { { "EXIT", "q", "noconnection" } }, { { "EXIT", "p", "noconnection" } }, "noconnection", "noconnection" })
end)

lockstep.scenario("node-message-lost-in-partition", function()
  nodes()
  local c = cluster.spawn("b", collector)
  local a = doer("a", self())
  ask(a, function() return send(c, "m1") end)
  report(c, 1)
  cut()
  local v = ask(a, function() return send(c, "m2") end)
  cluster.heal()
  ask(a, function() return send(c, "m3") end)
  h.expect({ v, report(c, 2) }, { "m2", { "m1", "m3" } })
end)

lockstep.scenario("node-monitor-unreachable", function()
  nodes()
  local x = cluster.spawn("b", idle)
  cut()
  local a = doer("a", self())
  local got = ask(a, function()
    lockstep.monitor(x)
    local r1 = recv()[5]
    lockstep.monitor { "nm", "b" }
    local m = recv()
    lockstep.flag("trap_exit", true)
    local v = lockstep.link(x)
    local r3 = lockstep.recv_first({ "EXIT", x, any })[3]
    local _, ref = lockstep.spawn_monitor(function()
      lockstep.link(x)
      idle()
    end)
    return { r1, { m[4], m[5] }, { v, r3 }, lockstep.recv_first({ "DOWN", ref, any, any, any })[5] }
  end)
  h.expect(got, { "noconnection", { { "nm", "b" }, "noconnection" }, { true, "noconnection" }, "noconnection" })
end)

lockstep.scenario("node-remote-name", function()
  nodes()
  local main = self()
  local c = cluster.spawn("b", function()
    lockstep.register("col", self())
    send(main, "ready")
    collector()
  end)
  lockstep.recv_first "ready"
  local a = doer("a", main)
  local v = ask(a, function() return send({ "col", "b" }, "hi") end)
  local got = report(c, 1)
  local down = ask(a, function()
    lockstep.monitor { "nobody", "b" }
    local m = recv()
    return { m[4], m[5] }
  end)
  h.expect({ v, got, down }, { "hi", { "hi" }, { { "nobody", "b" }, "noproc" } })
end)

lockstep.scenario("node-link-crash-remote", function()
  nodes()
  local a = doer("a", self())
  local got = ask(a, function()
    lockstep.flag("trap_exit", true)
    cluster.spawn_link("b", function() lockstep.exit "boom" end)
    local first = lockstep.recv_first({ "EXIT", any, any })[3]
    local _, ref = lockstep.spawn_monitor(function()
      cluster.spawn_link("b", function() lockstep.exit "boom2" end)
      idle()
    end)
    return { first, lockstep.recv_first({ "DOWN", ref, any, any, any })[5] }
  end)
  h.expect(got, { "boom", "boom2" })
end)

lockstep.scenario("node-monitor-name-cut", function()
  nodes()
  local main = self()
  cluster.spawn("b", function()
    lockstep.register("svc", self())
    send(main, "ready")
    idle()
  end)
  lockstep.recv_first "ready"
  cluster.spawn("a", function()
    lockstep.monitor { "svc", "b" }
    send(main, "watching")
    local m = recv()
    send(main, { "down", m[4], m[5] })
  end)
  lockstep.recv_first "watching"
  cut()
  local m = lockstep.recv_first { "down", any, any }
  h.expect({ m[2], m[3] }, { { "svc", "b" }, "noconnection" })
end)

lockstep.scenario("node-gen-server-remote", function()
  nodes()
  local main = self()
  local server = { init = function() return "ok", 0 end }
  function server.handle_call(_, _, s) return "reply", "pong", s end
  function server.handle_cast(_, s) return "noreply", s end
  cluster.spawn("b", function()
    send(main, { "server", gen_server.start({ "local", "srv" }, server) })
    idle()
  end)
  local p = lockstep.recv_first({ "server", any })[2]
  local a = doer("a", main)
  local function call(dest) return function() return h.raised(gen_server.call, dest, "ping") end end
  local r1, r2 = ask(a, call { "srv", "b" }), ask(a, call { "nosrv", "b" })
  cut()
  local r3 = ask(a, call { "srv", "b" })
  local r4 = ask(a, function() return gen_server.cast({ "srv", "b" }, "x") end)
  local r5 = ask(a, call(p))
  local function failed(why, dest)
    return { "raised", "exit", { why, { "gen_server", "call", { dest, "ping" } } } }
  end
  h.expect(h.label({ r1, r2, r3, r4, r5 }, { p = p }), {
    "pong", failed("noproc", { "nosrv", "b" }), failed({ "nodedown", "b" }, { "srv", "b" }), "ok",
    failed({ "nodedown", "b" }, "p"),
  })
end)

-- gen.erl: a call without a time limit has an alias if the server is on another node, as the connection may end it, too.
local late = { init = function() return "ok", {} end }
function late.handle_call(_, from) return "noreply", from end
function late.handle_cast(_, from)
  gen_server.reply(from, "late")
  return "noreply", from
end

lockstep.scenario("a reply that comes after the cut is dropped", function()
  cluster.start_nodes { "a", "b" }
  cluster.set_net_ticktime(0)
  local me = lockstep.self()
  cluster.run("b", function() gen_server.start("late", late) end)
  local client = cluster.spawn("a", function()
    local _, e = pcall(gen_server.call, { "late", "b" }, "x", "infinity")
    lockstep.send(me, { "exited", e.reason[1] })
    lockstep.recv_first "healed"
    lockstep.sleep(10)
    lockstep.send(me, { "rest", (lockstep.recv(0)) })
  end)
  lockstep.sleep(1)
  cluster.partition("a", "b")
  h.expect(lockstep.recv(), { "exited", { "nodedown", "b" } })
  cluster.heal()
  cluster.run("b", function() gen_server.cast("late", "reply") end)
  lockstep.send(client, "healed")
  h.expect(lockstep.recv(), { "rest" })
end)

-- net_kernel's monitor_nodes(true) starts a subscription each time, and false ends all of them (monitor_nodes_many of
-- distribution_SUITE).
lockstep.scenario("monitor_nodes more than once", function()
  cluster.start_nodes { "a", "b" }
  cluster.set_net_ticktime(0)
  local seen = cluster.run("a", function()
    cluster.monitor_nodes(true)
    cluster.monitor_nodes(true)
    cluster.partition("a", "b")
    local down = { lockstep.recv(), lockstep.recv() }
    cluster.monitor_nodes(false)
    cluster.heal()
    return { down, { lockstep.recv(10) } }
  end)
  h.expect(seen, { { { "nodedown", "b" }, { "nodedown", "b" } }, { nil, "timeout" } })
end)

lockstep.scenario("the node of a reference", function()
  cluster.start_nodes { "a" }
  local there = cluster.run("a", lockstep.make_ref)
  h.expect({ lockstep.node(there), lockstep.node(lockstep.make_ref()) }, { "a", "nonode@nohost" })
end)

lockstep.scenario("a node that never was", function()
  h.expect({ lockstep.monitor_node("zz", true), lockstep.recv(10) }, { true, { "nodedown", "zz" } })
  h.expect({ lockstep.monitor_node("zz", false), lockstep.recv(10) }, { true, nil, "timeout" })
  local ref = lockstep.monitor { "server", "zz" }
  h.expect(lockstep.recv(), { "DOWN", ref, "process", { "server", "zz" }, "noconnection" })
  h.expect(h.raised(gen_server.call, { "server", "zz" }, "x"),
    { "raised", "exit", { { "nodedown", "zz" }, { "gen_server", "call", { { "server", "zz" }, "x" } } } })
end)
