-- Core functions beyond the public cases: names of other nodes, timers' options, flags, process_info, the dictionary, the
-- timer module. Reasons: beam-semantics 3, 8, 9 and 13, and the reference pages of erlang and timer.
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local timer = require "lockstep.timer"
local program = require "program"
local h = require "helper"
local any = lockstep.any
local badarg = { "raised", "error", "badarg" }

-- ---- {name, node}: looked up when the signal arrives there ----

-- B registers itself once it is told so; A's message to the name and its order to B are different pairs, so the message
-- may come first and be lost, or come later and be taken.
program("a name of another node is looked up on arrival", { "got", "lost" }, function()
  cluster.start_nodes { "a", "b" }
  local main = lockstep.self()
  local b = cluster.spawn("b", function()
    lockstep.recv_first "register"
    lockstep.register("n", lockstep.self())
    local m = lockstep.recv_first("hello", 100)
    lockstep.send(main, { "result", m and "got" or "lost" })
  end)
  cluster.spawn("a", function()
    lockstep.send({ "n", "b" }, "hello")
    lockstep.send(b, "register")
  end)
  return lockstep.recv_first({ "result", any })[2]
end)

-- While the name belongs to one process all the time, what was sent to the name and to the pid keeps its order.
lockstep.scenario("a name and its pid are one receiver", function()
  cluster.start_nodes { "a", "b" }
  local main = lockstep.self()
  local b = cluster.spawn("b", function()
    lockstep.register("n", lockstep.self())
    lockstep.send(main, "ready")
    local got = {}
    for i = 1, 4 do got[i] = lockstep.recv() end
    lockstep.send(main, { "got", got })
  end)
  lockstep.recv_first "ready"
  cluster.spawn("a", function()
    lockstep.send(b, 1)
    lockstep.send({ "n", "b" }, 2)
    lockstep.send(b, 3)
    lockstep.send({ "n", "b" }, 4)
  end)
  h.expect(lockstep.recv_first({ "got", any })[2], { 1, 2, 3, 4 })
end)

program("a monitor by the name of another node is set on arrival", { "noproc", "gone" }, function()
  cluster.start_nodes { "a", "b" }
  local main = lockstep.self()
  local b = cluster.spawn("b", function()
    lockstep.register("n", lockstep.self())
    lockstep.recv_first "stop"
    lockstep.exit "gone"
  end)
  cluster.spawn("a", function()
    local ref = lockstep.monitor { "n", "b" }
    lockstep.sleep(10)
    lockstep.send(b, "stop")
    local down = lockstep.recv_first({ "DOWN", ref, "process", any, any })
    h.expect(down[4], { "n", "b" })
    lockstep.send(main, { "result", down[5] })
  end)
  return lockstep.recv_first({ "result", any })[2]
end, { crashes = "allow", timers = "racy" })

lockstep.scenario("a monitor of a name that nobody has on another node", function()
  cluster.start_nodes { "a", "b" }
  local down = cluster.run("a", function()
    lockstep.demonitor(lockstep.monitor { "never", "b" }, { flush = true })
    local ref = lockstep.monitor { "never", "b" }
    return h.label(lockstep.recv(), { ref = ref })
  end)
  h.expect(down, { "DOWN", "ref", "process", { "never", "b" }, "noproc" })
end)

-- ---- timers ----

lockstep.scenario("absolute times", { timers = "quiescent" }, function()
  local main = lockstep.self()
  lockstep.sleep(100)
  lockstep.send_after(main, "past", 50, { abs = true })
  lockstep.send_after(main, "before all", -5, { abs = true })
  h.expect({ lockstep.recv(0), lockstep.recv() ~= nil, lockstep.recv() ~= nil, lockstep.now() }, { nil, true, true, 100 })
  local t = lockstep.start_timer(main, "later", 130, { abs = true })
  h.expect(lockstep.read_timer(t), 30)
  h.expect({ lockstep.recv(), lockstep.now() }, { { "timeout", t, "later" }, 130 })
  h.expect(h.raised(lockstep.send_after, main, "x", 5, { often = true }), badarg)
  h.expect(h.raised(lockstep.send_after, main, "x", -5), badarg)
end)

lockstep.scenario("options of cancel_timer and read_timer", function()
  local main = lockstep.self()
  local function new() return lockstep.send_after(main, "late", 1000) end
  h.expect({ lockstep.cancel_timer(new(), { info = false }), lockstep.cancel_timer(new(), { info = false, async = true }) },
    { "ok", "ok" })
  h.expect(h.drain(), {})
  local t = new()
  h.expect(lockstep.read_timer(t, { async = true }), "ok")
  h.expect(lockstep.recv(), { "read_timer", t, 1000 })
  h.expect({ lockstep.cancel_timer(t, { async = true }), lockstep.cancel_timer(t, { async = true }) }, { "ok", "ok" })
  h.expect(h.drain(), { { "cancel_timer", t, 1000 }, { "cancel_timer", t, false } })
  h.expect(h.raised(lockstep.cancel_timer, t, { later = true }), badarg)
end)

-- The race of cancel and expiry is seen by exhaustive search: one of them is first.
program("cancel against expiry", { "cancelled", "late" }, function()
  local main = lockstep.self()
  local t = lockstep.send_after(main, "late", 10)
  if lockstep.cancel_timer(t) == false then return lockstep.recv() end
  h.expect(h.drain(), {})
  return "cancelled"
end, { timers = "racy", strategy = "dfs" })

lockstep.scenario("timer-send-interval", function()
  local t = timer.send_interval(10, "tick")
  for _ = 1, 3 do lockstep.recv_first "tick" end
  local r = timer.cancel(t)
  h.drain()
  h.expect({ r, lockstep.recv(40) or "none", timer.cancel(t) }, { "cancel", "none", "cancel" })
end)

lockstep.scenario("timer-abs-monotonic", function()
  local main, now = lockstep.self(), lockstep.now()
  lockstep.send_after(main, "past", now - 50, { abs = true })
  h.expect(h.next(), "past")
end)

lockstep.scenario("the timer module", function()
  local main = lockstep.self()
  timer.apply_after(10, lockstep, "send", { main, "applied" })
  timer.apply_after(20, function(x) lockstep.send(main, x) end, { "called" })
  h.expect({ lockstep.recv(), lockstep.now(), lockstep.recv(), lockstep.now() }, { "applied", 10, "called", 20 })
  local p, ref = lockstep.spawn_monitor(function() lockstep.recv() end)
  timer.exit_after(5, p, "enough")
  h.expect({ h.down(ref), lockstep.now() }, { "enough", 25 })
  local q, qref = lockstep.spawn_monitor(function()
    timer.send_interval(10, main, "to main")
    timer.apply_interval(10, lockstep, "send", { main, "applied" })
    timer.kill_after(15)
    lockstep.recv()
  end)
  h.expect(h.down(qref), "killed")
  assert(not lockstep.alive(q))
  lockstep.sleep(10)  -- apply_interval ends with the process that called it, send_interval with the one it sends to
  local count = {}
  for _, m in ipairs(h.drain()) do count[m] = (count[m] or 0) + 1 end
  h.expect(count, { ["to main"] = 2, applied = 1 })
  h.expect({ timer.send_after(-1, "x") }, { nil, "badarg" })
  h.expect({ timer.apply_after(1, {}, "nothing", {}) }, { nil, "badarg" })
  h.expect({ timer.cancel "x" }, { nil, "badarg" })
  h.expect({ timer.tc(lockstep.sleep, 7) }, { 7 })
  h.expect(timer.hms(1, 1, 1), 3661000)
end)

-- ---- processes ----

lockstep.scenario("flags that only tune OTP are remembered", function()
  h.expect({ lockstep.flag("priority", "high"), lockstep.flag("priority", "low"),
    lockstep.process_info(lockstep.self(), "priority") }, { "normal", "high", "low" })
  h.expect(lockstep.flag("message_queue_data", "off_heap"), "on_heap")
  for _, bad in ipairs { { "priority", "urgent" }, { "min_heap_size", -1 }, { "bogus", 1 }, { "trap_exit", 1 } } do
    h.expect(h.raised(lockstep.flag, table.unpack(bad)), badarg)
  end
end)

lockstep.scenario("spawn_opt", function()
  lockstep.flag("trap_exit", true)
  local main = lockstep.self()
  local p, ref = lockstep.spawn_opt(function(reason) lockstep.exit(reason) end,
    { "link", { "monitor", { tag = "GONE", alias = "demonitor" } }, { "priority", "high" } }, "why")
  h.expect({ lockstep.recv(), lockstep.recv() }, { { "EXIT", p, "why" }, { "GONE", ref, "process", p, "why" } })
  local q, none = lockstep.spawn_opt(function() lockstep.send(main, "hi") end, {})
  h.expect({ lockstep.recv(), none }, { "hi" })
  assert(lockstep.is_pid(q))
  h.expect(h.raised(lockstep.spawn_opt, function() end, { "bogus" }), badarg)
end)

lockstep.scenario("process_info of several items", function()
  local p = lockstep.spawn(function()
    lockstep.put("k", { 1 })
    lockstep.recv_first "stop"
  end)
  lockstep.sleep(1)
  h.expect(lockstep.process_info(p, { "dictionary", "parent", "status" }),
    { { "dictionary", { { "k", { 1 } } } }, { "parent", lockstep.self() }, { "status", "waiting" } })
  local all = lockstep.process_info(p)
  h.expect({ all[2], all[6] }, { { "message_queue_len", 0 }, { "priority", "normal" } })
  h.expect(h.raised(lockstep.process_info, p, "bogus"), badarg)
  h.expect(h.raised(lockstep.process_info, p, { "links", "bogus" }), badarg)
  h.expect(h.raised(lockstep.process_info, "p", "links"), badarg)
  lockstep.exit(p, "kill")
  h.expect({ lockstep.process_info(p, "links") == nil, lockstep.process_info(p) == nil }, { true, true })
end)

lockstep.scenario("monitors by name and by pid", function()
  local p = h.idle()
  lockstep.register("named", p)
  lockstep.monitor(p)
  lockstep.monitor "named"
  h.expect(lockstep.process_info(lockstep.self(), "monitors"),
    { { "process", p }, { "process", { "named", lockstep.node() } } })
end)

lockstep.scenario("keys of the dictionary are terms", function()
  h.expect(lockstep.put({ "user", 1 }, "ann"), nil)
  h.expect({ lockstep.get({ "user", 1 }), lockstep.put({ "user", 1 }, "bob"), lockstep.get({ "user", 1 }) },
    { "ann", "ann", "bob" })
  lockstep.put("other", "bob")
  h.expect({ #lockstep.get_keys(), #lockstep.get_keys "bob", #lockstep.get_keys "ann" }, { 2, 2, 0 })
  h.expect({ lockstep.erase({ "user", 1 }), lockstep.get(), lockstep.get_keys "bob" },
    { "bob", { { "other", "bob" } }, { "other" } })
end)

-- ---- aliases, and what is no pid ----

lockstep.scenario("an alias for one reply", function()
  local once, always = lockstep.alias { "reply" }, lockstep.alias { "explicit_unalias" }
  for i = 1, 2 do
    lockstep.send(once, { "once", i })
    lockstep.send(always, { "always", i })
  end
  h.expect(h.drain(), { { "once", 1 }, { "always", 1 }, { "always", 2 } })
  h.expect({ lockstep.unalias(once), lockstep.unalias(always) }, { false, true })
  h.expect(h.raised(lockstep.alias, { "bogus" }), badarg)
  h.expect(h.raised(lockstep.monitor, lockstep.self(), { alias = "bogus" }), badarg)
end)

lockstep.scenario("what is no pid cannot be linked", function()
  h.expect(h.raised(lockstep.link, "name"), badarg)
  h.expect(h.raised(lockstep.unlink, 5), badarg)
end)
