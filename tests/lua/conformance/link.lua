-- Links.
local lockstep = require "lockstep"
local case = require "case"
local same, idle, await_down, named = case.same, case.idle, case.await_down, case.named

lockstep.scenario("link-returns-true-idempotent", function()
  lockstep.flag("trap_exit", true)
  local p = idle()
  local r1, r2 = lockstep.link(p), lockstep.link(p)
  lockstep.exit(p, "bye")
  local m1 = case.next()
  local m2 = case.next(50)
  same(named({ r1, r2, m1, m2 }, { [p] = "p" }), { true, true, { "EXIT", "p", "bye" }, "none" })
end)

lockstep.scenario("link-dead-trap", function()
  local p = case.dead()
  lockstep.flag("trap_exit", true)
  local r = lockstep.link(p)
  same(named({ r, case.next() }, { [p] = "p" }), { true, { "EXIT", "p", "noproc" } })
end)

lockstep.scenario("unlink-not-linked", function()
  same(
    { lockstep.unlink(idle()), lockstep.unlink(case.dead()), lockstep.unlink(lockstep.self()) },
    { true, true, true }
  )
end)

lockstep.scenario("unlink-other-side", function()
  local a, b = case.doer(), case.doer()
  case.within(b, function()
    lockstep.link(a)
    case.sync(a)
  end)
  case.within(a, function()
    lockstep.unlink(b)
  end)
  lockstep.exit(a, "crash")
  await_down(a)
  same(
    case.within(b, function()
      return "yes"
    end),
    "yes"
  )
end)

lockstep.scenario("link-exit2-does-not-break-link", function()
  lockstep.flag("trap_exit", true)
  local main = lockstep.self()
  local p = lockstep.spawn_link(function()
    lockstep.exit(main, "hello")
    lockstep.recv_first("go")
    lockstep.exit("goodbye")
  end)
  local m1 = case.next()
  lockstep.send(p, "go")
  local m2 = case.next()
  same(named({ m1, m2 }, { [p] = "p" }), { { "EXIT", "p", "hello" }, { "EXIT", "p", "goodbye" } })
end)

lockstep.scenario("link-exit-after-messages", function()
  lockstep.flag("trap_exit", true)
  local main = lockstep.self()
  local p = lockstep.spawn_link(function()
    lockstep.send(main, 1)
    lockstep.send(main, 2)
    lockstep.exit("bye")
  end)
  same(named({ case.next(), case.next(), case.next() }, { [p] = "p" }), { 1, 2, { "EXIT", "p", "bye" } })
end)

lockstep.scenario("link-spawn-link-atomic", function()
  lockstep.flag("trap_exit", true)
  for _ = 1, 5 do
    local p = lockstep.spawn_link(lockstep.exit, "crash")
    same(lockstep.recv_first({ "EXIT", p, lockstep.any })[3], "crash")
  end
end)

lockstep.scenario("link-two-linked-both-trap", function()
  lockstep.flag("trap_exit", true)
  local function waiter(reason)
    lockstep.recv_first("go")
    lockstep.exit(reason)
  end
  local a, b = lockstep.spawn_link(waiter, "ra"), lockstep.spawn_link(waiter, "rb")
  lockstep.send(a, "go")
  local m1 = case.next()
  lockstep.send(b, "go")
  local m2 = case.next()
  same(named({ m1, m2 }, { [a] = "a", [b] = "b" }), { { "EXIT", "a", "ra" }, { "EXIT", "b", "rb" } })
end)

lockstep.scenario("link-after-exit-signal", function()
  lockstep.flag("trap_exit", true)
  local p = idle()
  lockstep.exit(p, "boom")
  local r = lockstep.link(p)
  same({ r, lockstep.recv_first({ "EXIT", p, lockstep.any })[3] }, { true, "noproc" })
end)
