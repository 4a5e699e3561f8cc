-- Monitors.
local lockstep = require "lockstep"
local case = require "case"
local same, idle, await_down, down, named = case.same, case.idle, case.await_down, case.down, case.named

-- Waits until n messages are in the mailbox, without taking any: each is looked at once.
local function have(n)
  lockstep.recv_first(function()
    n = n - 1
    return false
  end, 10)
  assert(n == 0, "not all messages have come")
end

lockstep.scenario("monitor-dead", { crashes = "allow" }, function()
  local p = lockstep.spawn(lockstep.exit, "crash")
  await_down(p)
  local ref = lockstep.monitor(p)
  same(named(case.next(), { [ref] = "ref", [p] = "p" }), { "DOWN", "ref", "process", "p", "noproc" })
end)

lockstep.scenario("monitor-name-unregistered", function()
  lockstep.monitor("nobody_here")
  local m = case.next()
  same({ m[1], m[3], m[4][1], type(m[4][2]) == "string", m[5] }, { "DOWN", "process", "nobody_here", true, "noproc" })
end)

lockstep.scenario("monitor-name-follows-process", function()
  local p = idle()
  lockstep.register("mn2", p)
  local ref = lockstep.monitor("mn2")
  lockstep.unregister("mn2")
  local q = idle()
  lockstep.register("mn2", q)
  lockstep.exit(q, "q_dead")
  await_down(q)
  lockstep.exit(p, "p_dead")
  same(down(ref), "p_dead")
end)

lockstep.scenario("monitor-multiple", function()
  local p = idle()
  local r1, r2, r3 = lockstep.monitor(p), lockstep.monitor(p), lockstep.monitor(p)
  lockstep.demonitor(r2)
  lockstep.exit(p, "x")
  local names, got = { [r1] = "r1", [r2] = "r2", [r3] = "r3" }, {}
  while true do
    local m = case.next(50)
    if m == "none" then
      break
    end
    got[#got + 1] = names[m[2]]
  end
  table.sort(got)
  local distinct = (r1 ~= r2 and r2 ~= r3 and r1 ~= r3) and 3 or 0
  same({ got, distinct }, { { "r1", "r3" }, 3 })
end)

lockstep.scenario("monitor-after-messages", function()
  local main = lockstep.self()
  lockstep.spawn_monitor(function()
    for i = 1, 3 do
      lockstep.send(main, i)
    end
    lockstep.exit("done")
  end)
  same({ case.next(), case.next(), case.next(), case.next()[5] }, { 1, 2, 3, "done" })
end)

lockstep.scenario("monitor-demonitor-flush", function()
  local _, ref = lockstep.spawn_monitor(lockstep.exit, "x")
  have(1)
  local r = lockstep.demonitor(ref, { flush = true })
  same({ r, #case.drain() }, { true, 0 })
end)

lockstep.scenario("monitor-demonitor-flush-only-own", function()
  local main = lockstep.self()
  local p, r1 = lockstep.spawn_monitor(function()
    lockstep.send(main, "hello")
    lockstep.recv_first("go")
    lockstep.exit("x")
  end)
  local r2 = lockstep.monitor(p)
  lockstep.send(p, "go")
  have(3)
  lockstep.demonitor(r1, { flush = true })
  same(named(case.drain(), { [r2] = "r2", [p] = "p" }), { "hello", { "DOWN", "r2", "process", "p", "x" } })
end)

lockstep.scenario("monitor-demonitor-info", function()
  local p = idle()
  local ref = lockstep.monitor(p)
  local a1 = lockstep.demonitor(ref, { info = true })
  local a2 = lockstep.demonitor(ref, { info = true })
  local _, fired = lockstep.spawn_monitor(lockstep.exit, "x")
  have(1)
  local b = lockstep.demonitor(fired, { flush = true, info = true })
  local n = #case.drain()
  local c = lockstep.demonitor(lockstep.monitor(p), { flush = true, info = true })
  same({ a1, a2, b, n, c }, { true, false, false, 0, true })
end)

lockstep.scenario("monitor-demonitor-nonref", function()
  local ref = lockstep.monitor(idle())
  same(
    { case.raised(lockstep.demonitor, "foo"), case.raised(lockstep.demonitor, ref, { bogus = true }) },
    { case.badarg, case.badarg }
  )
end)

lockstep.scenario("monitor-unidirectional", { crashes = "allow" }, function()
  local main = lockstep.self()
  local p = idle()
  local w = lockstep.spawn(function()
    lockstep.monitor(p)
    lockstep.send(main, "monitoring")
    lockstep.recv_first("go")
    lockstep.exit("crash")
  end)
  lockstep.recv_first("monitoring")
  lockstep.send(w, "go")
  await_down(w)
  case.sync(p)
  same(lockstep.alive(p), true)
end)

lockstep.scenario("monitor-self", function()
  local main = lockstep.self()
  lockstep.spawn(function()
    local ref = lockstep.monitor(lockstep.self())
    lockstep.send(main, { "report", { lockstep.is_ref(ref), case.next(20) } })
  end)
  same(lockstep.recv_first({ "report", lockstep.any })[2], { true, "none" })
end)

lockstep.scenario("monitor-non-normal-not-exit", function()
  local main = lockstep.self()
  local w = lockstep.spawn(function()
    local _, ref = lockstep.spawn_monitor(lockstep.exit, "crash")
    lockstep.send(main, { "report", down(ref) })
    lockstep.recv_first("stop")
  end)
  local reason = lockstep.recv_first({ "report", lockstep.any })[2]
  same({ reason, lockstep.alive(w) }, { "crash", true })
end)

lockstep.scenario("monitor-before-exit-signal", function()
  local p = idle()
  local ref = lockstep.monitor(p)
  lockstep.exit(p, "boom")
  same(down(ref), "boom")
end)
