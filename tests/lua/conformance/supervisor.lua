-- supervisor, and Elixir's interface to it.
local lockstep = require "lockstep"
local supervisor = require "lockstep.supervisor"
local dynamic_supervisor = require "lockstep.dynamic_supervisor"
local agent = require "lockstep.agent"
local atomics = require "lockstep.atomics"
local h = require "helper"
local w = require "worker"
local any = lockstep.any

local TRAP = { trap = true }

-- A supervisor of workers with these names; `each` gives extra fields of the specification by name.
local function tree(flags, log, names, each, opts, link)
  local specs = {}
  for i, name in ipairs(names) do specs[i] = w.spec(log, name, each and each[name], opts and opts[name] or opts and opts.all) end
  return (link and w.sup_link or w.sup)(flags, specs)
end
local ALL_TRAP = { all = TRAP }
local function crash(s, id, reason) lockstep.send(w.kid(s, id), { "exit", reason or "crash" }) end
local function take(log, n)
  local list = {}
  for i = 1, n do list[i] = w.next(log) end
  return list
end

lockstep.scenario("sup-one-for-all", function()
  local log = w.logger()
  local s = tree({ strategy = "one_for_all", intensity = 5 }, log, { "a", "b", "c" }, nil, ALL_TRAP)
  w.all(log)
  crash(s, "b")
  h.expect(take(log, 5), { { "stopped", "c", "shutdown" }, { "stopped", "a", "shutdown" }, { "started", "a" },
    { "started", "b" }, { "started", "c" } })
end)

lockstep.scenario("sup-rest-for-one", function()
  local log = w.logger()
  local s = tree({ strategy = "rest_for_one", intensity = 5 }, log, { "a", "b", "c", "d" }, nil, ALL_TRAP)
  w.all(log)
  local a = w.kid(s, "a")
  crash(s, "b")
  local reports = take(log, 5)
  h.expect({ reports, w.kid(s, "a") == a }, { { { "stopped", "d", "shutdown" }, { "stopped", "c", "shutdown" },
    { "started", "b" }, { "started", "c" }, { "started", "d" } }, true })
end)

lockstep.scenario("sup-intensity-exceeded", function()
  lockstep.flag("trap_exit", true)
  local log = w.logger()
  local s = tree({ intensity = 2, period = 1000 }, log, { "a", "b" }, nil, ALL_TRAP, true)
  w.all(log)
  local results = {}
  for i = 1, 3 do
    crash(s, "a")
    results[i] = w.next(log)
  end
  results[4] = lockstep.recv_first({ "EXIT", s, any })[3]
  h.expect(results, { { "started", "a" }, { "started", "a" }, { "stopped", "b", "shutdown" }, "shutdown" })
end)

lockstep.scenario("sup-shutdown-timeout", function()
  lockstep.flag("trap_exit", true)
  local log = w.logger()
  local s = tree({}, log, { "a", "b" }, { b = { shutdown = 30 } }, { a = TRAP, b = { trap = true, stubborn = true } }, true)
  w.all(log)
  local ref = lockstep.monitor(w.kid(s, "b"))
  lockstep.exit(s, "shutdown")
  h.expect({ w.next(log), w.next(log), h.down(ref), lockstep.recv_first({ "EXIT", s, any })[3] },
    { { "ignoring", "b" }, { "stopped", "a", "shutdown" }, "killed", "shutdown" })
end)

lockstep.scenario("sup-shutdown-nontrap", function()
  local log = w.logger()
  local s = tree({}, log, { "a" })
  local ref = lockstep.monitor(w.kid(s, "a"))
  h.expect({ supervisor.terminate_child(s, "a"), h.down(ref) }, { "ok", "shutdown" })
end)

lockstep.scenario("sup-which-count", function()
  local log = w.logger()
  local s = tree({}, log, { "a", "b", "c" })
  supervisor.terminate_child(s, "b")
  h.expect({ w.kids(s), supervisor.count_children(s) }, {
    { { "c", "pid", "worker" }, { "b", "undefined", "worker" }, { "a", "pid", "worker" } },
    { active = 2, specs = 3, supervisors = 0, workers = 3 } })
end)

lockstep.scenario("sup-start-child", function()
  local log = w.logger()
  local s = tree({}, log, {})
  local spec = w.spec(log, "a")
  local r1 = supervisor.start_child(s, spec)
  local r2 = h.label(h.answer(supervisor.start_child(s, spec)), { p = r1 })
  supervisor.terminate_child(s, "a")
  local r3 = h.answer(supervisor.start_child(s, spec))
  local r4 = supervisor.delete_child(s, "a")
  h.expect({ lockstep.is_pid(r1), r2, r3, r4, lockstep.is_pid(supervisor.start_child(s, spec)) },
    { true, { "error", { "already_started", "p" } }, { "error", "already_present" }, "ok", true })
end)

lockstep.scenario("sup-start-child-fails", function()
  local log = w.logger()
  local s = tree({}, log, {})
  local r1 = h.answer(supervisor.start_child(s, w.spec(log, "f", nil, { fail = "nope" })))
  r1[2] = r1[2][1]
  local k1 = w.kids(s)
  local r2 = supervisor.start_child(s, w.spec(log, "i", nil, { ignore = true }))
  local k2 = w.kids(s)
  local r3 = supervisor.start_child(s, w.spec(log, "j", { restart = "temporary" }, { ignore = true }))
  local i = { { "i", "undefined", "worker" } }
  h.expect({ r1, k1, r2, k2, r3, w.kids(s) }, { { "error", "nope" }, {}, "undefined", i, "undefined", i })
end)

lockstep.scenario("sup-restart-delete-errors", function()
  local log = w.logger()
  local s = tree({}, log, { "a" })
  local function try(f, id) return h.answer(f(s, id)) end
  local r = { try(supervisor.restart_child, "a"), try(supervisor.delete_child, "a"), try(supervisor.restart_child, "zz"),
    try(supervisor.delete_child, "zz"), try(supervisor.terminate_child, "zz"), try(supervisor.terminate_child, "a"),
    try(supervisor.terminate_child, "a") }
  r[8] = lockstep.is_pid(supervisor.restart_child(s, "a")) and "ok"
  supervisor.terminate_child(s, "a")
  r[9] = try(supervisor.delete_child, "a")
  r[10] = try(supervisor.delete_child, "a")
  h.expect(r, { { "error", "running" }, { "error", "running" }, { "error", "not_found" }, { "error", "not_found" },
    { "error", "not_found" }, "ok", "ok", "ok", "ok", { "error", "not_found" } })
end)

lockstep.scenario("sup-init-child-fails", function()
  lockstep.flag("trap_exit", true)
  local log = w.logger()
  local r = h.answer(tree({}, log, { "a", "b", "c", "d" }, nil, { a = TRAP, b = TRAP, c = { fail = "nope" } }, true))
  local why = { "shutdown", { "failed_to_start_child", "c", "nope" } }
  h.expect({ r, w.all(log), lockstep.recv_first({ "EXIT", any, any })[3] }, { { "error", why },
    { { "started", "a" }, { "started", "b" }, { "failing", "c" }, { "stopped", "b", "shutdown" }, { "stopped", "a", "shutdown" } },
    why })
end)

lockstep.scenario("sup-init-ignore-bad", function()
  lockstep.flag("trap_exit", true)
  local log = w.logger()
  local r1 = supervisor.start_link(w, "ignore")
  local r2 = h.answer(supervisor.start_link(w, "foo"))
  h.expect(r2[2][2][1], w)
  r2[2][2][1] = "mod"
  local r3 = h.answer(tree({}, log, { "a", "a" }, nil, nil, true))
  local r4 = h.answer(tree({ strategy = "zzz" }, log, {}, nil, nil, true))
  h.expect({ r1, r2, r3, r4 }, { "ignore", { "error", { "bad_return", { "mod", "init", "foo" } } },
    { "error", { "start_spec", { "duplicate_child_name", "a" } } },
    { "error", { "supervisor_data", { "invalid_strategy", "zzz" } } } })
end)

local function retried(counter, log, limit)
  local n = atomics.add_get(counter, 1, 1)
  if n == 1 then return w.start(log, 1) end
  if n < limit then
    w.report(log, { "try_", n })
    return nil, "not_yet"
  end
  return w.start(log, n)
end

lockstep.scenario("sup-restart-fails-retry", function()
  local log, counter = w.logger(), atomics.new(1, {})
  local s = w.sup({ intensity = 5, period = 1000 }, { { id = "r", start = { retried, { counter, log, 4 } } } })
  w.all(log)
  crash(s, "r")
  h.expect({ take(log, 3), lockstep.alive(s) }, { { { "try_", 2 }, { "try_", 3 }, { "started", 4 } }, true })
end)

lockstep.scenario("sup-restart-fails-limit", function()
  lockstep.flag("trap_exit", true)
  local log, counter = w.logger(), atomics.new(1, {})
  local s = w.sup_link({ intensity = 3, period = 1000 }, { { id = "r", start = { retried, { counter, log, 1000 } } } })
  w.all(log)
  crash(s, "r")
  local why = lockstep.recv_first({ "EXIT", s, any })[3]
  h.expect({ #w.all(log), why }, { 3, "shutdown" })
end)

local function start_named(log, name) return w.start(log, name) end

lockstep.scenario("sup-simple-restart-same-args", function()
  local log = w.logger()
  local s = w.sup({ strategy = "simple_one_for_one", intensity = 5 }, { { id = "t", start = { start_named, { log } } } })
  local p = supervisor.start_child(s, { "x" })
  w.next(log)
  lockstep.send(p, { "exit", "crash" })
  h.expect(w.next(log), { "started", "x" })
end)

lockstep.scenario("sup-auto-shutdown-all", function()
  lockstep.flag("trap_exit", true)
  local log = w.logger()
  local significant = { significant = true, restart = "transient" }
  local s = tree({ auto_shutdown = "all_significant", intensity = 5 }, log, { "a", "b" }, { a = significant, b = significant },
    nil, true)
  w.all(log)
  crash(s, "a")
  local report = w.next(log)
  local a = w.kid(s, "a")
  lockstep.send(a, "stop")
  h.await_down(a)
  local alive = lockstep.alive(s)
  lockstep.send(w.kid(s, "b"), "stop")
  h.expect({ report, alive, lockstep.recv_first({ "EXIT", s, any })[3] }, { { "started", "a" }, true, "shutdown" })
end)

lockstep.scenario("sup-killed-no-cleanup", { crashes = "allow" }, function()
  local log = w.logger()
  local s = tree({}, log, { "a", "b" }, nil, { a = TRAP })
  w.all(log)
  local ref = lockstep.monitor(w.kid(s, "b"))
  lockstep.exit(s, "kill")
  h.expect({ w.next(log), h.down(ref) }, { { "stopped", "a", "killed" }, "killed" })
end)

lockstep.scenario("sup-parent-exit", function()
  local main, log = lockstep.self(), w.logger()
  local parent = lockstep.spawn(function()
    lockstep.send(main, { "s", tree({}, log, { "a", "b" }, nil, ALL_TRAP, true) })
    lockstep.recv_first "crash"
    lockstep.exit "crash"
  end)
  local s = lockstep.recv_first({ "s", any })[2]
  w.all(log)
  local ref = lockstep.monitor(s)
  lockstep.send(parent, "crash")
  local why = h.down(ref)
  h.expect({ w.all(log), why }, { { { "stopped", "b", "shutdown" }, { "stopped", "a", "shutdown" } }, "crash" })
end)

lockstep.scenario("sup-child-unlinked-exit-order", function()
  local log = w.logger()
  local s = tree({ intensity = 5 }, log, { "a" }, { a = { restart = "temporary" } })
  local a = w.kid(s, "a")
  lockstep.send(a, "stop")
  h.await_down(a)
  h.until_(function() return #w.kids(s) == 0 end)
  h.expect({ w.kids(s), h.answer(supervisor.terminate_child(s, "a")) }, { {}, { "error", "not_found" } })
end)

lockstep.scenario("sup-get-childspec", function()
  local log = w.logger()
  local s = tree({}, log, { "a" })
  local spec = supervisor.get_childspec(s, "a")
  h.expect(spec.modules[1], w)
  spec.modules, spec.start = { "sw" }, nil
  h.expect({ spec, h.answer(supervisor.get_childspec(s, "zz")) }, {
    { id = "a", modules = { "sw" }, restart = "permanent", shutdown = 5000, significant = false, type = "worker" },
    { "error", "not_found" } })
end)

lockstep.scenario("sup-one-for-all-temporary", function()
  local log = w.logger()
  local s = tree({ strategy = "one_for_all", intensity = 5 }, log, { "a", "t", "b" }, { t = { restart = "temporary" } }, ALL_TRAP)
  w.all(log)
  crash(s, "a")
  h.expect({ take(log, 4), w.kids(s) }, {
    { { "stopped", "b", "shutdown" }, { "stopped", "t", "shutdown" }, { "started", "a" }, { "started", "b" } },
    { { "b", "pid", "worker" }, { "a", "pid", "worker" } } })
end)

lockstep.scenario("exsup-which-children", function()
  local function one() return 1 end
  local s = supervisor.start_link({ { id = "a", start = { agent, "start_link", { one } } },
    { id = "b", start = { agent, "start_link", { one } } } }, { strategy = "one_for_one" })
  local ids = {}
  for i, c in ipairs(supervisor.which_children(s)) do ids[i] = c[1] end
  h.expect({ ids, supervisor.count_children(s), supervisor.terminate_child(s, "a"),
    lockstep.is_pid(supervisor.restart_child(s, "a")) and "ok", h.answer(supervisor.restart_child(s, "a")),
    h.answer(supervisor.delete_child(s, "b")), h.answer(supervisor.terminate_child(s, "zz")) },
    { { "b", "a" }, { active = 2, specs = 2, supervisors = 0, workers = 2 }, "ok", "ok", { "error", "running" },
      { "error", "running" }, { "error", "not_found" } })
end)

-- ---- beyond the public cases, as supervisor.erl has it ----

local function none() return "ok" end
local function refused(flags, ...)
  local children = { ... }
  lockstep.flag("trap_exit", true)
  local _, reason = supervisor.start_link({ init = function() return "ok", { flags, children } end })
  return reason
end

lockstep.scenario("what is wrong with a specification", function()
  local function spec(more)
    more.id, more.start = "a", none
    return more
  end
  local never = { "bad_combination", { { "auto_shutdown", "never" }, { "significant", true } } }
  h.expect(refused({}, spec { significant = true, restart = "transient" }), { "start_spec", never })
  h.expect(refused({}, spec { significant = true }), { "start_spec", never })
  h.expect(refused({ auto_shutdown = "any_significant" }, spec { significant = true }),
    { "start_spec", { "bad_combination", { { "restart", "permanent" }, { "significant", true } } } })
  h.expect(refused({}, spec { significant = 1, type = "x" }), { "start_spec", { "invalid_significant", 1 } })
  h.expect(refused({}, spec { modules = "x" }), { "start_spec", { "invalid_modules", "x" } })
  h.expect(refused({ strategy = "simple_one_for_one" }), { "bad_start_spec", {} })
end)

-- A dynamic child that dies and cannot be started again until it is told that it may.
local stubborn = {}
function stubborn.start()
  if lockstep.whereis "refuse" then
    lockstep.sleep(10)
    return nil, "not yet"
  end
  return lockstep.spawn_link(function() lockstep.recv_first "stop" end)
end
local function template()
  return { init = function()
    return "ok", { { strategy = "simple_one_for_one", intensity = 1000 }, { { id = "t", start = { stubborn, "start", {} } } } }
  end }
end

lockstep.scenario("the template of dynamic children", { crashes = "allow" }, function()
  local s = supervisor.start_link(template())
  local p = supervisor.start_child(s, {})
  h.expect({ supervisor.get_childspec(s, "t").id, supervisor.get_childspec(s, p).id }, { "t", "t" })
  h.expect({ supervisor.get_childspec(s, "u") }, { nil, "not_found" })
  h.expect(supervisor.terminate_child(s, p), "ok")
  h.expect(supervisor.get_childspec(s, p).id, "t")
end)

lockstep.scenario("a dynamic child that waits to be restarted is ended by its old pid", { crashes = "allow" }, function()
  lockstep.flag("trap_exit", true)
  local s = supervisor.start_link(template())
  local p = supervisor.start_child(s, {})
  lockstep.register("refuse", lockstep.self())
  lockstep.exit(p, "kill")
  h.until_(function() return supervisor.which_children(s)[1][2] == "restarting" end)
  h.expect(supervisor.terminate_child(s, p), "ok")
  lockstep.unregister "refuse"
  h.expect(supervisor.which_children(s), {})
end)

-- A child that has died is not counted as active, though the supervisor has not yet seen it.
lockstep.scenario("who is active", function()
  local s = supervisor.start_link({ init = function()
    return "ok", { {}, { { id = "a", restart = "temporary", start = stubborn.start } } }
  end })
  local p = supervisor.which_children(s)[1][2]
  lockstep.send(p, "stop")
  h.await_down(p)
  h.expect(supervisor.count_children(s).active, 0)
end)

-- As DynamicSupervisor of Elixir: flags are checked, and a child's key is the pid it had.
lockstep.scenario("flags of a dynamic supervisor", function()
  lockstep.flag("trap_exit", true)
  local function wrong(flags)
    local _, reason = dynamic_supervisor.start_link(flags)
    return reason[2]
  end
  h.expect(wrong { max_restarts = "x" }, { "invalid_intensity", "x" })
  h.expect(wrong { max_seconds = 1.5 }, { "invalid_period", 1.5 })
  h.expect(wrong { max_children = "x" }, { "invalid_max_children", "x" })
  h.expect(wrong { extra_arguments = 1 }, { "invalid_extra_arguments", 1 })
end)

lockstep.scenario("a dynamic supervisor's child is ended by its old pid", { crashes = "allow" }, function()
  lockstep.flag("trap_exit", true)
  local s = dynamic_supervisor.start_link { max_restarts = 1000 }
  local p = dynamic_supervisor.start_child(s, { start = { stubborn, "start", {} } })
  lockstep.register("refuse", lockstep.self())
  lockstep.exit(p, "kill")
  h.until_(function() return dynamic_supervisor.which_children(s)[1][2] == "restarting" end)
  h.expect(dynamic_supervisor.terminate_child(s, p), "ok")
  lockstep.unregister "refuse"
  h.expect(dynamic_supervisor.which_children(s), {})
end)
