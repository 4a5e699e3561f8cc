-- Options of monitors, aliases and timers: as a table of names, as OTP's lists, and what is refused.
local lockstep = require "lockstep"

local function idle() return lockstep.spawn(function() lockstep.recv_first "stop" end) end
local function refused(fn, ...)
  local ok, e = pcall(fn, ...)
  assert(not ok and e.class == "error" and e.reason == "badarg", "not refused")
end

lockstep.scenario("a tag, either way", function()
  for _, options in ipairs { { tag = "GONE" }, { { "tag", "GONE" } } } do
    local p = idle()
    lockstep.monitor(p, options)
    lockstep.send(p, "stop")
    assert(lockstep.recv()[1] == "GONE")
  end
end)

lockstep.scenario("an alias, either way", function()
  for _, options in ipairs { { alias = "reply_demonitor" }, { { "alias", "reply_demonitor" } } } do
    local ref = lockstep.monitor(idle(), options)
    lockstep.send(ref, "hi")
    assert(lockstep.recv(10) == "hi")
    assert(lockstep.demonitor(ref, { "info" }) == false, "the first message ends both")
  end
  lockstep.send(lockstep.alias({ reply = true }), "once")
  assert(lockstep.recv(10) == "once")
end)

lockstep.scenario("a monitor of a process that is spawned", function()
  for _, options in ipairs { { tag = "GONE" }, { { "tag", "GONE" } } } do
    lockstep.spawn_opt(function() end, { { "monitor", options } })
    assert(lockstep.recv()[1] == "GONE")
  end
end)

lockstep.scenario("timers and demonitor take lists too", function()
  local t = lockstep.start_timer(lockstep.self(), "x", 10, { { "abs", true } })
  assert(lockstep.cancel_timer(t, { "info" }) == 10)
  local ref = lockstep.monitor(idle())
  assert(lockstep.demonitor(ref, { "flush", { "info", true } }) == true)
end)

lockstep.scenario("what is unknown or misspelt is refused", function()
  local p = idle()
  for _, options in ipairs { { tagg = "GONE" }, { { "tagg", "GONE" } }, { { "tag" } }, { alias = "no" } } do
    refused(lockstep.monitor, p, options)
  end
  refused(lockstep.monitor, p, { 3 })
  refused(lockstep.monitor, p, "tag")
  refused(lockstep.spawn_opt, idle, { { "monitor", { tagg = "GONE" } } })
  refused(lockstep.spawn_opt, idle, { { "monitor", "tag" } })
  refused(lockstep.alias, { "reply_once" })
  refused(lockstep.alias, { reply_once = true })
  refused(lockstep.demonitor, lockstep.monitor(p), { "flash" })
  refused(lockstep.send_after, p, "x", 10, { abss = true })
  refused(lockstep.read_timer, lockstep.make_ref(), { asink = true })
end)
