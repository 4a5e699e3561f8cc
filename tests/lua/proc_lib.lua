-- Starting in step (OTP's proc_lib), and terms compared by their contents.
local lockstep = require "lockstep"
local proc_lib = require "lockstep.proc_lib"
local supervisor = require "lockstep.supervisor"

local function server(name, value)
  lockstep.register(name, lockstep.self())
  proc_lib.init_ack(value)
  lockstep.recv_first("stop")
end

lockstep.scenario("start returns what init_ack says, once it is said", function()
  assert(proc_lib.start(server, { "a", { "ok", 7 } })[2] == 7)
  assert(lockstep.whereis("a"))
  local pid = proc_lib.start_link(server, { "b" })
  assert(lockstep.whereis("b") == pid)
  local watched, ref = proc_lib.start_monitor(server, { "c" })
  lockstep.send(watched, "stop")
  local down = lockstep.recv()
  assert(down[1] == "DOWN" and down[2] == ref and down[5] == "normal")
  assert(proc_lib.start(server, { "d", false }) == false, "false is a value")
end)

lockstep.scenario("who ends before gives the reason", { crashes = "allow" }, function()
  local none, why = proc_lib.start(function() end)
  assert(none == nil and why == "normal")
  none, why = proc_lib.start(function() lockstep.exit("broken") end)
  assert(none == nil and why == "broken")
  none, why = proc_lib.start(function(x) lockstep.error({ "bad", x }) end, { 3 })
  assert(none == nil and lockstep.equal(why[1], { "bad", 3 }))
  none, why = proc_lib.start(function() proc_lib.init_fail({ "no", "room" }) end)
  assert(none == nil and lockstep.equal(why, { "no", "room" }))
  assert(lockstep.recv(10) == nil, "nothing is left in the mailbox")
end)

lockstep.scenario("a linked starter that traps exits is told once", function()
  lockstep.flag("trap_exit", true)
  local none, why = proc_lib.start_link(function() lockstep.exit("broken") end)
  assert(none == nil and why == "broken")
  assert(lockstep.recv(10) == nil)
end)

lockstep.scenario("one that takes too long is killed", { timers = "quiescent" }, function()
  local none, why = proc_lib.start(function()
    lockstep.register("slow", lockstep.self())
    lockstep.sleep(1000)
    proc_lib.init_ack()
  end, {}, 10)
  assert(none == nil and why == "timeout")
  lockstep.sleep(1)
  assert(lockstep.whereis("slow") == nil)
end)

lockstep.scenario("as a child of a supervisor", function()
  supervisor.start_link({ { id = "s", start = { proc_lib, "start_link", { server, { "e" } } } } }, {})
  assert(lockstep.whereis("e"))
end)

lockstep.scenario("what is wrong is said", function()
  local ok, problem = pcall(proc_lib.init_ack)
  assert(not ok and problem:find("'init_ack' is for a process that proc_lib started", 1, true), problem)
  ok, problem = pcall(proc_lib.start, "f")
  assert(not ok and problem:find("a function expected, got string", 1, true), problem)
  ok, problem = pcall(proc_lib.start, server, 5)
  assert(not ok and problem:find("a list of arguments expected, got number", 1, true), problem)
  ok, problem = pcall(proc_lib.start, server, {}, -1)
  assert(not ok and problem:find("milliseconds", 1, true), problem)
end)

lockstep.scenario("equal: by contents, all the way down", function()
  local equal, pid = lockstep.equal, lockstep.self()
  assert(equal({}, {}) and equal({ 1, { a = "x", pid } }, { 1, { a = "x", pid } }) and equal("a", "a"))
  assert(equal({ 1 }, { 1.0 }), "numbers by value, as by ==")
  assert(not equal({ 1 }, { 1, 2 }) and not equal({ 1, 2 }, { 1 }) and not equal({ a = 1 }, { a = 2 }))
  assert(not equal({ a = false }, {}) and not equal({}, { a = false }) and not equal({}, nil) and not equal(1, "1"))
  assert(not equal(0 / 0, 0 / 0), "no number equals a NaN")
  local f = function() end
  assert(equal({ f }, { f }) and not equal({ f }, { function() end }))
  local a, b, c = {}, {}, {}
  a[1], b[1], c[1] = a, b, { 1 }
  assert(equal(a, b) and not equal(a, c), "tables that hold themselves")
  assert(equal(setmetatable({}, { __eq = function() return false end }), {}), "metatables are not asked")
end)
