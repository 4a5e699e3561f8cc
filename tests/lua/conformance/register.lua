-- Registered names.
local lockstep = require "lockstep"
local case = require "case"
local same, idle, raised, badarg = case.same, case.idle, case.raised, case.badarg

lockstep.scenario("reg-taken", function()
  local p, q = idle(), idle()
  lockstep.register("rb2", p)
  same(
    { raised(lockstep.register, "rb2", q), lockstep.whereis("rb2") == p, raised(lockstep.register, "rb2", p) },
    { badarg, true, badarg }
  )
end)

lockstep.scenario("reg-dead", function()
  same(raised(lockstep.register, "rb4", case.dead()), badarg)
end)

-- Names are strings here, so "str" is a name like any other.
lockstep.scenario("reg-undefined-atom", function()
  local main = lockstep.self()
  same({
    raised(lockstep.register, "undefined", main),
    raised(lockstep.register, 1, main),
    raised(lockstep.register, "okname", "not_a_pid"),
  }, { badarg, badarg, badarg })
end)

lockstep.scenario("reg-unregister-missing", function()
  same(raised(lockstep.unregister, "rb_none"), badarg)
end)

lockstep.scenario("reg-whereis-unknown", function()
  same(lockstep.whereis("rb_none"), nil)
  same(raised(lockstep.whereis, 12), badarg)
end)

lockstep.scenario("reg-auto-unregister", function()
  local p = idle()
  lockstep.register("rb5", p)
  lockstep.exit(p, "x")
  case.await_down(p)
  same(lockstep.whereis("rb5"), nil)
  local q = idle()
  same({ lockstep.register("rb5", q), lockstep.whereis("rb5") == q }, { true, true })
end)

lockstep.scenario("reg-anyone-unregister", function()
  local p, d = idle(), case.doer()
  local r1 = case.within(d, function()
    return lockstep.register("rb6", p)
  end)
  local r2 = lockstep.unregister("rb6")
  same({ r1, r2, lockstep.alive(p) }, { true, true, true })
end)
