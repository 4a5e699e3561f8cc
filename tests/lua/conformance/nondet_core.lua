-- Programs of the core with several outcomes, under each of the three models of delivery and time.
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local program = require "program"
local any = lockstep.any
local spawn, send, recv, self = lockstep.spawn, lockstep.send, lockstep.recv, lockstep.self

-- Sets: by language (async, racy), of one node (instant, racy), of one node in virtual time.
local function models(id, language, immediate, virtual, body)
  program(id, virtual, body, { crashes = "allow" })
  program(id .. " (racy timers)", immediate, body, { crashes = "allow", timers = "racy" })
  program(id .. " (async)", language, body, { crashes = "allow", timers = "racy", delivery = "async" })
end
local function always(id, set, body) models(id, set, set, set, body) end

local function idle() lockstep.recv_first "stop" end
local function reason(ref, timeout)
  local m = lockstep.recv_first({ "DOWN", ref, any, any, any }, timeout)
  return m and m[5]
end

always("nd-two-senders", { { "a", "b" }, { "b", "a" } }, function()
  local main = self()
  spawn(function() send(main, "a") end)
  spawn(function() send(main, "b") end)
  return { (recv()), (recv()) }
end)

models("nd-causal-triangle", { { "m1", "m3" }, { "m3", "m1" } }, { { "m1", "m3" } }, { { "m1", "m3" } }, function()
  local main = self()
  local b = spawn(function()
    lockstep.recv_first "m2"
    send(main, "m3")
  end)
  spawn(function()
    send(main, "m1")
    send(b, "m2")
  end)
  return { (recv()), (recv()) }
end)

always("nd-after0-race", { "got", "none" }, function()
  local main = self()
  spawn(function() send(main, "x") end)
  return recv(0) and "got" or "none"
end)

always("nd-register-race", { { "badarg", true }, { true, "badarg" } }, function()
  local main = self()
  for i = 1, 2 do
    spawn(function()
      local ok, e = pcall(lockstep.register, "n", self())
      send(main, { i, ok or e.reason })
      idle()
    end)
  end
  local p = lockstep.recv_first { 1, any }
  local q = lockstep.recv_first { 2, any }
  return { p[2], q[2] }
end)

always("nd-whereis-then-send", { "badarg", "sent", "undefined" }, function()
  local p = spawn(function() lockstep.recv_first "go" end)
  lockstep.register("n", p)
  send(p, "go")
  if not lockstep.whereis "n" then return "undefined" end
  local ok, e = pcall(send, "n", "hi")
  return ok and "sent" or e.reason
end)

always("nd-link-vs-exit-trap", { "bye", "noproc" }, function()
  lockstep.flag("trap_exit", true)
  local p = spawn(function() lockstep.exit "bye" end)
  lockstep.link(p)
  return lockstep.recv_first({ "EXIT", p, any })[3]
end)

always("nd-link-vs-normal-exit", { "noproc", "normal" }, function()
  local p = spawn(function() end)
  local _, ref = lockstep.spawn_monitor(function()
    lockstep.link(p)
    lockstep.sleep(20)
  end)
  local why = reason(ref)
  return type(why) == "table" and why[1] or why
end)

always("nd-unlink-vs-exit", { "bye", "none" }, function()
  lockstep.flag("trap_exit", true)
  local p = lockstep.spawn_link(function() lockstep.exit "bye" end)
  lockstep.unlink(p)
  local m = lockstep.recv_first({ "EXIT", p, any }, 20)
  return m and m[3] or "none"
end)

always("nd-demonitor-vs-exit", { "bye", "none" }, function()
  local _, ref = lockstep.spawn_monitor(function() lockstep.exit "bye" end)
  lockstep.demonitor(ref)
  return reason(ref, 20) or "none"
end)

always("nd-work-then-kill", { { "killed" }, { "reply", "killed" } }, function()
  local main = self()
  local p, ref = lockstep.spawn_monitor(function()
    lockstep.recv_first { "work" }
    send(main, "reply")
    idle()
  end)
  send(p, { "work" })
  lockstep.exit(p, "kill")
  local got = {}
  while true do
    local m = recv()
    if m ~= "reply" then
      got[#got + 1] = m[2] == ref and m[5]
      return got
    end
    got[#got + 1] = m
  end
end)

always("nd-two-exit-signals", { "ra", "rb" }, function()
  local p, ref = lockstep.spawn_monitor(idle)
  spawn(function() lockstep.exit(p, "ra") end)
  spawn(function() lockstep.exit(p, "rb") end)
  return reason(ref)
end)

always("nd-kill-vs-return", { "killed", "normal" }, function()
  local p, ref = lockstep.spawn_monitor(function() end)
  lockstep.exit(p, "kill")
  return reason(ref)
end)

always("nd-trap-toggle", { { "died", "boo" }, { "trapped", "boo" } }, function()
  local main = self()
  local p, ref = lockstep.spawn_monitor(function()
    lockstep.flag("trap_exit", true)
    send(main, { "trapped", lockstep.recv_first({ "EXIT", any, any })[3] })
    lockstep.exit "normal"
  end)
  lockstep.exit(p, "boo")
  local m = recv()
  if m[1] == "trapped" then return { "trapped", m[2] } end
  return { "died", m[2] == ref and m[5] }
end)

always("nd-down-vs-forwarded", { { "down", "fwd" }, { "fwd", "down" } }, function()
  local main = self()
  local q = spawn(function()
    lockstep.recv_first "m"
    send(main, "fwd")
  end)
  lockstep.spawn_monitor(function()
    send(q, "m")
    lockstep.exit "bye"
  end)
  local function tag(m) return m == "fwd" and "fwd" or "down" end
  return { tag((recv())), tag((recv())) }
end)

always("nd-alive-race", { false, true }, function()
  return lockstep.alive(spawn(function() end))
end)

models("nd-timer-vs-message", { { "m", "t" }, { "t", "m" } }, { { "m", "t" }, { "t", "m" } }, { { "m", "t" } }, function()
  local main = self()
  lockstep.send_after(main, "t", 5)
  spawn(function() send(main, "m") end)
  return { (recv()), (recv()) }
end)

models("nd-sleepers", { { "a", "b" }, { "b", "a" } }, { { "a", "b" }, { "b", "a" } }, { { "a", "b" } }, function()
  local main = self()
  for name, ms in pairs { a = 10, b = 20 } do
    spawn(function()
      lockstep.sleep(ms)
      send(main, name)
    end)
  end
  return { (recv()), (recv()) }
end)

-- The order is unspecified; here, as on OTP, links are told before monitors.
lockstep.scenario("nd-down-vs-exit-both", function()
  lockstep.flag("trap_exit", true)
  local p = lockstep.spawn_link(function()
    lockstep.recv_first "go"
    lockstep.exit "bye"
  end)
  lockstep.monitor(p)
  send(p, "go")
  local first, second = recv()[1], recv()[1]
  assert((first == "EXIT" and second == "DOWN") or (first == "DOWN" and second == "EXIT"))
end)

models("nd-cancel-timer-race", { { "cancelled", "none" }, { false, "none" }, { false, "x" } },
  { { "cancelled", "none" }, { false, "x" } }, { { "cancelled", "none" }, { false, "x" } }, function()
    local main = self()
    local t = lockstep.send_after(main, "x", 10)
    spawn(function()
      lockstep.sleep(10)
      send(main, { "r", lockstep.cancel_timer(t) })
    end)
    local r = lockstep.recv_first({ "r", any })[2]
    return { math.type(r) == "integer" and "cancelled" or r, lockstep.recv_first("x", 50) or "none" }
  end)

always("nd-monitor-name-vs-register", { "noproc", "x" }, function()
  local p = spawn(idle)
  spawn(function() lockstep.register("n", p) end)
  local ref = lockstep.monitor "n"
  local why = reason(ref, 20)
  if why then return why end
  lockstep.exit(p, "x")
  return reason(ref)
end)

program("nd-partition-vs-two-sends", { { "m1", "m2" }, { "m1" }, {} }, function()
  cluster.start_nodes { "a", "b" }
  cluster.set_net_ticktime(0)
  local main = self()
  local c = cluster.spawn("b", function()
    while true do send(main, (recv())) end
  end)
  cluster.spawn("a", function()
    send(c, "m1")
    send(c, "m2")
  end)
  cluster.partition("a", "b")
  local got = {}
  while true do
    local m = recv(50)
    if not m then return got end
    got[#got + 1] = m
  end
end)
