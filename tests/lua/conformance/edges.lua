-- Edges of the behaviours beyond the public cases, with what OTP and Elixir do: gen_server's and gen_statem's reference
-- pages, and Registry.keys of Elixir, which gives each key of a unique registry once.
local lockstep = require "lockstep"
local gen_server = require "lockstep.gen_server"
local gen_statem = require "lockstep.gen_statem"
local registry = require "lockstep.registry"
local rpc = require "lockstep.rpc"
local task = require "lockstep.task"
local task_supervisor = require "lockstep.task_supervisor"
local cluster = require "lockstep.cluster"
local ets = require "lockstep.ets"
local h = require "helper"
local any = lockstep.any

lockstep.scenario("init has to give a state, which may be nil", function()
  h.expect({ gen_server.start({ init = function() return "ok" end }) }, { nil, { "bad_return_value", "ok" } })
  assert(lockstep.is_pid((gen_server.start({ init = function() return "ok", nil end }))))
  assert(lockstep.is_pid((gen_server.start({ init = function() lockstep.throw({ "ok", 1 }) end }))))
end)

-- gen_server.erl runs terminate in a try, after which it replies.
lockstep.scenario("the last reply comes after terminate", { crashes = "allow" }, function()
  local me = lockstep.self()
  local function server(terminate)
    return gen_server.start({ init = function() return "ok", 1 end, terminate = terminate,
      handle_call = function() return "stop", "normal", "bye", 2 end })
  end
  h.expect(gen_server.call(server(function(why, state) lockstep.send(me, { why, state }) end), "x"), "bye")
  h.expect(h.drain(), { { "normal", 2 } })
  h.expect(gen_server.call(server(function() lockstep.error "boom" end), "x"), "bye")
end)

lockstep.scenario("a reply without a state is a bad return", { crashes = "allow" }, function()
  local p = gen_server.start({ init = function() return "ok", 1 end, handle_call = function() return "reply", "r" end })
  h.expect(h.raised(gen_server.call, p, "x"),
    { "raised", "exit", { { "bad_return_value", { "reply", "r" } }, { "gen_server", "call", { p, "x" } } } })
end)

-- A tuple's last element may be nil, which an array does not show.
lockstep.scenario("an answer may be nil", function()
  local p = gen_server.start({ init = function() return "ok", nil end, handle_call = function() return "reply", nil, nil end })
  h.expect({ gen_server.call(p, "x") }, {})
  h.expect({ gen_server.call(p, "x", "infinity") }, {})
  h.expect({ gen_server.receive_response(gen_server.send_request(p, "x")) }, { "reply" })
  h.expect(gen_server.get_state(p), nil)
  local t = task.async(function() end)
  h.expect(task.await(t), nil)
  h.expect(task.yield_many({ (task.async(function() end)) })[1][2], { "ok" })
  h.expect(task.await_many({ (task.async(function() end)), (task.async(function() return "b", "c" end)) }), { nil, "b" })
  h.expect(task.collect(task.async_stream({ 1, 2 }, function() end)), { { "ok" }, { "ok" } })
  h.expect({ rpc.call(lockstep.node(), function() return nil, "why" end) }, { nil, "why" })
end)

-- Task.await_many of Elixir receives whatever comes first for any of its tasks, and lets go of the others.
lockstep.scenario("await_many ends with the first crash", { crashes = "allow" }, function()
  lockstep.flag("trap_exit", true)
  local slow = task.async(function()
    lockstep.sleep(1000)
    return 1
  end)
  local bad = task.async(function()
    lockstep.sleep(10)
    lockstep.exit "bad"
  end)
  local ok, e = pcall(task.await_many, { slow, bad })
  h.expect({ ok, e.reason[1], e.reason[2][2], lockstep.now() }, { false, "bad", "await_many", 10 })
  lockstep.sleep(2000)
  h.expect(h.drain(), { { "EXIT", bad.pid, "bad" }, { "EXIT", slow.pid, "normal" } })
end)

-- Task's functions exit {nodedown, Node} where the connection is lost.
lockstep.scenario("a task on a node that is lost", { crashes = "allow" }, function()
  cluster.start_nodes { "a", "b" }
  cluster.set_net_ticktime(0)
  local me = lockstep.self()
  cluster.spawn("b", function()
    lockstep.send(me, (task_supervisor.start_link {}))
    lockstep.recv()
  end)
  local sup = lockstep.recv()
  for _, name in ipairs { "await", "yield" } do
    cluster.spawn("a", function()
      local t = task_supervisor.async_nolink(sup, function() lockstep.recv() end)
      lockstep.send(me, "started")
      local ok, e = pcall(task[name], t)
      lockstep.send(me, { ok, e.reason[1], e.reason[2][2] == name })
    end)
    h.expect(lockstep.recv(), "started")
    cluster.partition("a", "b")
    h.expect(lockstep.recv(), { false, { "nodedown", "b" }, true })
    cluster.heal()
  end
end)

-- rpc.erl's RPCIFY.
lockstep.scenario("rpc takes what looks like a caught exit for one", function()
  local looks = { "EXIT", "x" }
  h.expect({ rpc.call(lockstep.node(), function() return looks end) }, { nil, { "badrpc", looks } })
  h.expect({ rpc.call(lockstep.node(), function() lockstep.throw(looks) end) }, { nil, { "badrpc", looks } })
end)

-- sys:suspend: only system messages, and the end of the parent, get through.
lockstep.scenario("a suspended server leaves its messages", { crashes = "allow" }, function()
  local function add(m, s) return "noreply", s + m end
  local p = gen_server.start({ init = function() return "ok", 0 end, handle_cast = add,
    handle_call = function(_, _, s) return "reply", s, s end })
  h.expect({ gen_server.resume(p), gen_server.suspend(p), gen_server.suspend(p) }, { "ok", "ok", "ok" })
  gen_server.cast(p, 1)
  h.expect({ gen_server.get_state(p), h.raised(gen_server.call, p, "x", 10)[3][1] }, { 0, "timeout" })
  h.expect({ gen_server.resume(p), gen_server.call(p, "x") }, { "ok", 1 })
  gen_server.suspend(p)
  h.expect(gen_server.stop(p), "ok")
  local m = gen_statem.start({ callback_mode = "handle_event_function", init = function() return "ok", "a", 0 end,
    handle_event = function(kind, _, _, n) return "keep_state", n + 1, kind[1] == "call" and { "reply", kind[2], n } or nil end })
  gen_statem.suspend(m)
  gen_statem.cast(m, "x")
  h.expect(gen_statem.get_state(m), { "a", 0 })
  h.expect({ gen_statem.resume(m), gen_statem.call(m, "x") }, { "ok", 1 })
end)

lockstep.scenario("get_state of nobody names sys", function()
  h.expect(h.raised(gen_server.get_state, "no_such"), { "raised", "exit", { "noproc", { "sys", "get_state", { "no_such" } } } })
  h.expect(h.raised(gen_statem.get_state, "no_such", 10),
    { "raised", "exit", { "noproc", { "sys", "get_state", { "no_such", 10 } } } })
end)

lockstep.scenario("check_response tells the response from other messages", function()
  local function echo(request, _, s) return "reply", request, s end
  local p = gen_server.start({ init = function() return "ok", 1 end, handle_call = echo })
  local id = gen_server.send_request(p, "x")
  h.expect(gen_server.check_response("else", id), "no_reply")
  h.expect({ gen_server.check_response(lockstep.recv(), id) }, { "reply", "x" })
  gen_server.stop(p)
  local late = gen_server.send_request(p, "x")
  h.expect({ gen_server.check_response(lockstep.recv(), late) }, { nil, { "noproc", p } })
end)

lockstep.scenario("a tuple that is no action is reported whole", { crashes = "allow" }, function()
  local p = gen_statem.start({ callback_mode = "handle_event_function", init = function() return "ok", "s", 1 end,
    handle_event = function() return "keep_state_and_data", { "bogus", 1 } end })
  local ref = lockstep.monitor(p)
  gen_statem.cast(p, "x")
  h.expect(h.unstack(lockstep.recv_first({ "DOWN", ref, any, any, any })[5]),
    { { "bad_action_from_state_function", { "bogus", 1 } }, "#stack" })
end)

lockstep.scenario("a unique registry gives each key once", function()
  registry.start_link { keys = "unique", name = "R" }
  registry.register("R", "k", 1)
  registry.register("R", "k", 2)
  h.expect(registry.keys("R", lockstep.self()), { "k" })
  h.expect(registry.count_select("R", { { { "$1", "$2", "$3" }, {}, { true } } }), 1)
end)

-- Registry.unregister_match of Elixir: guards, and listeners hear of it only when nothing is left. Keys are no patterns.
lockstep.scenario("what unregister_match leaves", function()
  local me = lockstep.self()
  lockstep.register("listener", me)
  registry.start_link { keys = "duplicate", name = "R", listeners = { "listener" } }
  for i = 1, 3 do registry.register("R", "k", i) end
  registry.register("R", "_", 1)
  registry.register("R", "j", 1)
  h.drain()
  registry.unregister_match("R", "k", 4)
  registry.unregister_match("R", "k", "$1", { { "<", "$1", 3 } })
  h.expect({ registry.values("R", "k", me), registry.keys("R", me), h.drain() }, { { 3 }, { "_", "j", "k" }, {} })
  registry.unregister_match("R", "k", 3)
  h.expect(h.drain(), { { "unregister", "R", "k", me } })
  registry.unregister("R", "_")
  h.expect({ registry.keys("R", me), registry.match("R", "_", "_") }, { { "j" }, {} })
end)

-- A match specification with a variable that its head does not bind is badarg (match_spec: "unbound variable").
lockstep.scenario("unbound variables of a match specification", function()
  local t = ets.new("t", { "public" })
  ets.insert(t, { 1, "a" })
  local badarg = { "raised", "error", "badarg" }
  h.expect(h.raised(ets.select, t, { { { "$1", "_" }, {}, { "$2" } } }), badarg)
  h.expect(h.raised(ets.select, t, { { { "$1", "_" }, { { "==", "$2", 1 } }, { "$1" } } }), badarg)
  h.expect(h.raised(ets.select, t, { { { "$1", "_" }, {}, { { { "$1", "$3" } } } } }), badarg)
  h.expect(ets.select(t, { { { "$1", "_" }, {}, { { "const", "$2" } } } }), { "$2" })
end)

-- "throw(V) -> V": the value alone, also among the results of multicall (beam-semantics 15).
lockstep.scenario("what rpc throws is the value", function()
  local function thrown() lockstep.throw "v" end
  h.expect({ rpc.call(lockstep.node(), thrown) }, { "v" })
  h.expect({ rpc.multicall({ lockstep.node() }, thrown) }, { { "v" }, {} })
end)

lockstep.scenario("results of multicall that are nil keep their places", function()
  cluster.start_nodes { "a", "b", "c" }
  local function not_on_b() return lockstep.node() ~= "b" and lockstep.node() or nil, 5 end
  h.expect({ rpc.multicall({ "a", "b", "zz", "c" }, not_on_b) }, { { "a", nil, "c" }, { "zz" } })
end)

-- Elixir 1.14: zip_input_on_exit pairs the reason with the element it was for.
lockstep.scenario("zip_input_on_exit", function()
  local function slow(ms)
    lockstep.sleep(ms)
    return ms
  end
  h.expect(task.collect(task.async_stream({ 1, 1000 }, slow,
    { timeout = 100, on_timeout = "kill_task", zip_input_on_exit = true })), { { "ok", 1 }, { "exit", { 1000, "timeout" } } })
end)

-- OTP: [{registered_name, []}] when asked for in a list, and nothing of it among the items of process_info(P).
lockstep.scenario("what a process without a name says of it", function()
  local p = h.idle()
  h.expect(lockstep.process_info(p, { "registered_name", "links" }), { { "registered_name", {} }, { "links", {} } })
  h.expect(lockstep.process_info(p)[1][1], "status")
  lockstep.register("named", p)
  h.expect(lockstep.process_info(p, { "registered_name" }), { { "registered_name", "named" } })
  h.expect(lockstep.process_info(p)[1], { "registered_name", "named" })
end)
