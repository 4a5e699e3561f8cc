-- Timers and time-outs, under virtual time.
local lockstep = require "lockstep"
local case = require "case"
local same, idle = case.same, case.idle

lockstep.scenario("timer-send-after", function()
  lockstep.send_after(lockstep.self(), { "tick", 1 }, 10)
  same({ case.next(), case.next(40) }, { { "tick", 1 }, "none" })
end)

lockstep.scenario("timer-start-timer", function()
  local t = lockstep.start_timer(lockstep.self(), "hello", 10)
  same(case.named(case.next(), { [t] = "tref" }), { "timeout", "tref", "hello" })
end)

lockstep.scenario("timer-cancel-fired", function()
  local t = lockstep.send_after(lockstep.self(), "x", 5)
  lockstep.sleep(6)
  same({ lockstep.cancel_timer(t), case.drain() }, { false, { "x" } })
end)

lockstep.scenario("timer-read", function()
  local t = lockstep.send_after(lockstep.self(), "x", 10000)
  local left = lockstep.read_timer(t)
  lockstep.cancel_timer(t)
  same({ left >= 0 and left <= 10000, lockstep.read_timer(t) }, { true, false })
end)

lockstep.scenario("timer-dead-dest", function()
  local p = idle()
  local t = lockstep.send_after(p, "x", 20000)
  lockstep.exit(p, "kill")
  case.await_down(p)
  same({ lockstep.read_timer(t), lockstep.cancel_timer(t) }, { false, false })
end)

lockstep.scenario("timer-dead-dest-immediately", function()
  same(lockstep.is_ref(lockstep.send_after(case.dead(), "x", 10)), true)
end)

lockstep.scenario("timer-cancel-by-other", function()
  local t = lockstep.send_after(lockstep.self(), "x", 10000)
  local left = case.within(case.doer(), function()
    return lockstep.cancel_timer(t)
  end)
  same({ left >= 0 and left <= 10000, case.next(20) }, { true, "none" })
end)

lockstep.scenario("timer-owner-dies", function()
  local main = lockstep.self()
  local p = lockstep.spawn(function()
    lockstep.send_after(main, "from_dead", 30)
  end)
  case.await_down(p)
  same(case.next(), "from_dead")
end)

lockstep.scenario("timer-flush-idiom", function()
  local t = lockstep.start_timer(lockstep.self(), "x", 5)
  lockstep.sleep(5)
  if lockstep.cancel_timer(t) == false then
    lockstep.recv_first({ "timeout", t, lockstep.any }, 100)
  end
  same(case.next(30), "none")
end)

lockstep.scenario("timer-receive-after-vs-message", function()
  lockstep.send(lockstep.self(), "m")
  local r1 = lockstep.recv_first("m", 0) and "got" or "to"
  local r2 = lockstep.recv_first("m", 10) and "got" or "to"
  same({ r1, r2 }, { "got", "to" })
end)

lockstep.scenario("timer-max-values", function()
  local t = lockstep.send_after(lockstep.self(), "x", 1 << 33)
  same({ lockstep.is_ref(t), case.raised(lockstep.recv, 1 << 32) }, { true, { "raised", "error", "timeout_value" } })
  lockstep.cancel_timer(t)
end)
