-- agent, task, task_supervisor, dynamic_supervisor.
local lockstep = require "lockstep"
local agent = require "lockstep.agent"
local task = require "lockstep.task"
local task_supervisor = require "lockstep.task_supervisor"
local dynamic_supervisor = require "lockstep.dynamic_supervisor"
local h = require "helper"
local any = lockstep.any

local function same(s) return s end
local function plus1(s) return s + 1 end
local function block() lockstep.recv_first "never" end
local function boom() lockstep.exit "boom" end

-- Elixir's {:ok, v} | {:exit, r} | nil from ours.
local function outcome(value, why)
  if value ~= nil then return { "ok", value } end
  if type(why) == "table" then return why end
  return "nil"
end

lockstep.scenario("agent-basic", function()
  local a = agent.start(function() return 10 end)
  local r = { agent.get(a, same), agent.update(a, plus1), agent.get_and_update(a, function(s) return s, s * 2 end),
    agent.get(a, same), agent.cast(a, plus1), agent.get(a, same), agent.stop(a), lockstep.alive(a) }
  h.expect(r, { 10, "ok", 11, 22, "ok", 23, "ok", false })
end)

lockstep.scenario("agent-timeout", function()
  local a = agent.start(function() return 1 end)
  local r = h.raised(agent.get, a, function(s)
    lockstep.sleep(60)
    return s
  end, 20)
  h.expect({ { r[2], r[3][1], r[3][2][1], r[3][2][2], r[3][2][3][3] }, agent.get(a, same) },
    { { "exit", "timeout", "GenServer", "call", 20 }, 1 })
end)

lockstep.scenario("agent-crash-in-fun", function()
  local a = agent.start(function() return 0 end)
  local r = h.raised(agent.update, a, function() lockstep.exit "bad" end)
  h.expect({ { r[2], r[3][1] }, lockstep.alive(a) }, { { "exit", "bad" }, false })
end)

lockstep.scenario("agent-names", function()
  local function five() return 5 end
  local a = agent.start(five, { name = "ag_n" })
  local r1 = h.label(h.answer(agent.start(five, { name = "ag_n" })), { a = a })
  local r3 = h.raised(agent.get, "ag_none", same)
  h.expect({ r1, agent.get("ag_n", same), { r3[2], r3[3][1] } },
    { { "error", { "already_started", "a" } }, 5, { "exit", "noproc" } })
end)

lockstep.scenario("task-reply-format", function()
  local t = task.async(function() return "v" end)
  local m1, m2 = h.next(), h.next()
  h.expect({ { m1[1] == t.ref, m1[2] }, { m2[1], m2[2] == t.ref, m2[4] == t.pid, m2[5] } },
    { { true, "v" }, { "DOWN", true, true, "normal" } })
end)

lockstep.scenario("task-await-timeout-kills-caller-and-task", function()
  local main = lockstep.self()
  local caller, ref = lockstep.spawn_monitor(function()
    local t = task.async(block)
    lockstep.send(main, { "pid", t.pid })
    lockstep.recv_first "go"
    task.await(t, 10)
  end)
  local of_task = lockstep.monitor(lockstep.recv_first({ "pid", any })[2])
  lockstep.send(caller, "go")
  local function reduced(reason) return { reason[1], reason[2][1], reason[2][2] } end
  h.expect({ reduced(h.down(ref)), reduced(h.down(of_task)) },
    { { "timeout", "Task", "await" }, { "timeout", "Task", "await" } })
end)

lockstep.scenario("task-crash-linked", function()
  local _, ref = lockstep.spawn_monitor(function() task.await(task.async(boom)) end)
  local reason = h.down(ref)
  h.expect(type(reason) == "table" and reason[1] or reason, "boom")
end)

lockstep.scenario("task-crash-trapping", function()
  lockstep.flag("trap_exit", true)
  local t = task.async(boom)
  local r = h.raised(task.await, t)
  local m = lockstep.recv_first { "EXIT", t.pid, any }
  h.expect({ { r[2], r[3][1] }, m[3], h.drain() }, { { "exit", "boom" }, "boom", {} })
end)

lockstep.scenario("task-await-not-owner", function()
  local t = task.async(function() return 1 end)
  local r = h.within(h.doer(), function() return h.raised(task.await, t) end)
  h.expect({ r[3][1], task.await(t) }, { "ArgumentError", 1 })
end)

local function wait_go() lockstep.recv_first "go" end

lockstep.scenario("task-yield", function()
  local t = task.async(function()
    wait_go()
    return "done"
  end)
  local y1 = outcome(task.yield(t, 10))
  lockstep.send(t.pid, "go")
  local y2 = outcome(task.yield(t, 1000))
  local sup = task_supervisor.start_link()
  local s = task_supervisor.async_nolink(sup, function() lockstep.exit "bad" end)
  h.expect({ y1, y2, outcome(task.yield(s, 1000)) }, { "nil", { "ok", "done" }, { "exit", "bad" } })
end)

lockstep.scenario("task-shutdown", function()
  local a = task.async(block)
  local ra = lockstep.monitor(a.pid)
  local va = outcome(task.shutdown(a))
  local first = { va, h.down(ra) }
  local b = task.async(function() return "val" end)
  h.await_down(b.pid)
  local second = outcome(task.shutdown(b))
  local main = lockstep.self()
  local c = task.async(function()
    lockstep.flag("trap_exit", true)
    lockstep.send(main, "trapping")
    block()
  end)
  lockstep.recv_first "trapping"
  local rc = lockstep.monitor(c.pid)
  local third = { outcome(task.shutdown(c, "brutal_kill")), h.down(rc) }
  local sup = task_supervisor.start_link()
  local d = task_supervisor.async_nolink(sup, function() lockstep.exit "bad" end)
  lockstep.sleep(1)  -- dead, and its DOWN has arrived
  local fourth = outcome(task.shutdown(d))
  h.expect({ first, second, third, fourth, h.drain() },
    { { "nil", "shutdown" }, { "ok", "val" }, { "nil", "killed" }, { "exit", "bad" }, {} })
end)

lockstep.scenario("task-shutdown-timeout", function()
  local main, sup = lockstep.self(), task_supervisor.start_link()
  local t = task_supervisor.async_nolink(sup, function()
    lockstep.flag("trap_exit", true)
    lockstep.send(main, "trapping")
    block()
  end)
  lockstep.recv_first "trapping"
  local ref = lockstep.monitor(t.pid)
  h.expect({ outcome(task.shutdown(t, 30)), h.down(ref) }, { { "exit", "killed" }, "killed" })
end)

local function after(ms, value)
  return task.async(function()
    lockstep.sleep(ms)
    return value
  end)
end

lockstep.scenario("task-await-many", function()
  local r1 = task.await_many { after(30, "a"), after(0, "b"), after(10, "c") }
  local us = { task.async(function() return "x" end), task.async(block) }
  local r2 = {}
  for i, r in ipairs(task.yield_many(us, 30)) do r2[i] = r[2] or "nil" end
  h.expect({ r1, r2 }, { { "a", "b", "c" }, { { "ok", "x" }, "nil" } })
end)

lockstep.scenario("task-start-not-linked", { crashes = "allow" }, function()
  local p1 = task.start(boom)
  h.await_down(p1)
  local _, ref = lockstep.spawn_monitor(function()
    task.start_link(boom)
    block()
  end)
  h.expect({ "ok", h.down(ref), h.drain() }, { "ok", "boom", {} })
end)

lockstep.scenario("task-async-stream-ordered", function()
  local r = task.collect(task.async_stream({ 3, 1, 2 }, function(x)
    lockstep.sleep(x * 15)
    return x * 10
  end, { max_concurrency = 3 }))
  h.expect(r, { { "ok", 30 }, { "ok", 10 }, { "ok", 20 } })
end)

lockstep.scenario("task-async-stream-unordered", function()
  local r = task.collect(task.async_stream({ 3, 1, 2 }, function(x)
    lockstep.sleep((x - 1) * 150)
    return x * 10
  end, { max_concurrency = 3, ordered = false }))
  h.expect(r, { { "ok", 10 }, { "ok", 20 }, { "ok", 30 } })
end)

lockstep.scenario("task-async-stream-concurrency", function()
  local a = agent.start(function() return { running = 0, most = 0 } end)
  local n = 0
  for _ in task.async_stream({ 1, 2, 3, 4, 5, 6, 7, 8 }, function()
    agent.update(a, function(s)
      s.running = s.running + 1
      s.most = math.max(s.most, s.running)
      return s
    end)
    lockstep.sleep(5)
    agent.update(a, function(s)
      s.running = s.running - 1
      return s
    end)
  end, { max_concurrency = 3 }) do
    n = n + 1
  end
  local most = agent.get(a, function(s) return s.most end)
  h.expect({ most <= 3, n == 8, most >= 1 }, { true, true, true })
end)

lockstep.scenario("task-ignore", function()
  local t = task.async(function()
    wait_go()
    return "v"
  end)
  local r = outcome(task.ignore(t))
  local ref = lockstep.monitor(t.pid)
  lockstep.send(t.pid, "go")
  h.down(ref)
  h.expect({ r, h.drain() }, { "nil", {} })
end)

lockstep.scenario("tsup-async-linked", function()
  local sup = task_supervisor.start_link()
  local _, ref = lockstep.spawn_monitor(function()
    task_supervisor.async(sup, boom)
    block()
  end)
  h.expect({ h.down(ref), lockstep.alive(sup) }, { "boom", true })
end)

lockstep.scenario("tsup-async-nolink", function()
  local sup = task_supervisor.start_link()
  local t = task_supervisor.async_nolink(sup, boom)
  local m = h.next()
  h.expect({ m[1], m[2] == t.ref, m[5], h.drain() }, { "DOWN", true, "boom", {} })
end)

lockstep.scenario("tsup-start-child", function()
  local sup = task_supervisor.start_link()
  local p = task_supervisor.start_child(sup, function()
    wait_go()
    lockstep.exit "crash"
  end)
  local c1 = h.same(task_supervisor.children(sup), { p })
  local ref = lockstep.monitor(p)
  lockstep.send(p, "go")
  h.down(ref)
  h.until_(function() return #task_supervisor.children(sup) == 0 end)
  h.expect({ c1, task_supervisor.children(sup), lockstep.alive(sup) }, { true, {}, true })
end)

lockstep.scenario("tsup-start-child-transient", function()
  local sup = task_supervisor.start_link { max_restarts = 5 }
  local a = agent.start(function() return 0 end)
  task_supervisor.start_child(sup, function()
    local n = agent.get_and_update(a, function(s) return s + 1, s + 1 end)
    if n < 3 then lockstep.exit "crash" end
  end, { restart = "transient" })
  h.until_(function() return #task_supervisor.children(sup) == 0 and agent.get(a, same) == 3 end)
  lockstep.sleep(20)
  h.expect(agent.get(a, same), 3)
end)

lockstep.scenario("tsup-async-stream-nolink", function()
  local sup = task_supervisor.start_link()
  local r = task.collect(task_supervisor.async_stream_nolink(sup, { 1, 2, 3 }, function(x)
    if x == 2 then lockstep.exit "bad" end
    return x
  end))
  h.expect(r, { { "ok", 1 }, { "exit", "bad" }, { "ok", 3 } })
end)

local function agent_spec(n) return { id = "agent", start = { agent, "start_link", { function() return n end } } } end

lockstep.scenario("dynsup-basic", function()
  local d = dynamic_supervisor.start_link { strategy = "one_for_one" }
  local a = dynamic_supervisor.start_child(d, agent_spec(1))
  dynamic_supervisor.start_child(d, agent_spec(2))
  local before = dynamic_supervisor.count_children(d)
  local r = dynamic_supervisor.terminate_child(d, a)
  local r2 = h.answer(dynamic_supervisor.terminate_child(d, a))
  local ids = {}
  for i, c in ipairs(dynamic_supervisor.which_children(d)) do ids[i] = c[1] end
  h.expect({ before, r, r2, ids, dynamic_supervisor.count_children(d).active },
    { { active = 2, specs = 2, supervisors = 0, workers = 2 }, "ok", { "error", "not_found" }, { "undefined" }, 1 })
end)

lockstep.scenario("dynsup-max-children", function()
  local d = dynamic_supervisor.start_link { max_children = 1 }
  dynamic_supervisor.start_child(d, agent_spec(1))
  local r2 = h.answer(dynamic_supervisor.start_child(d, agent_spec(2)))
  local d2 = dynamic_supervisor.start_link {}
  local r3 = h.answer(dynamic_supervisor.start_child(d2, { id = "x", start = function() return nil, "nope" end }))
  local r4 = dynamic_supervisor.start_child(d2, { id = "x", start = function() return "ignore" end })
  h.expect({ r2, r3, r4, dynamic_supervisor.count_children(d2).specs },
    { { "error", "max_children" }, { "error", "nope" }, "ignore", 0 })
end)

lockstep.scenario("dynsup-shutdown", function()
  local d = dynamic_supervisor.start {}
  local a = lockstep.monitor((dynamic_supervisor.start_child(d, agent_spec(1))))
  local b = lockstep.monitor((dynamic_supervisor.start_child(d, agent_spec(2))))
  h.expect({ dynamic_supervisor.stop(d), h.down(a), h.down(b) }, { "ok", "shutdown", "shutdown" })
end)
