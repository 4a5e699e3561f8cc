-- lockstep.history and lockstep.checker: what is recorded when, what is refused, and that verdicts are right.
local lockstep = require "lockstep"
local history = require "lockstep.history"
local checker = require "lockstep.checker"
local model = require "lockstep.model"
local atomics = require "lockstep.atomics"

local function raises(pattern, fn, ...)
  local good, problem = pcall(fn, ...)
  assert(not good, "nothing raised: " .. pattern)
  problem = tostring(problem)
  assert(problem:find(pattern, 1, true), problem)
end

local function shown(h)
  local out = {}
  for i, e in ipairs(history.events(h)) do
    out[i] = string.format("%d %s %s %s", e.process, e.type, e.f, tostring(e.value))
  end
  return table.concat(out, "; ")
end

-- Recording steps: the test of "no scheduling points" is that the number of schedules does not change, in C++.
lockstep.scenario("events are in order and complete", function()
  local h = history.start()
  history.invoke(h, "write", { 1, x = "y" }, "k")
  history.ok(h, "write")
  history.invoke(h, "read", nil, 7)
  history.fail(h, "read")
  history.invoke(h, "read", nil, 7)
  history.info(h, "read", "timeout")
  local events = history.events(h)
  assert(#events == 6)
  for i, e in ipairs(events) do
    assert(e.index == i and e.process == 0)
  end
  assert(events[1].type == "invoke" and events[1].value[1] == 1 and events[1].value.x == "y" and events[1].key == "k")
  assert(events[2].type == "ok" and events[2].f == "write" and events[2].key == "k" and events[2].value == nil)
  assert(events[4].type == "fail" and events[4].key == 7 and events[6].type == "info" and events[6].value == "timeout")
end)

lockstep.scenario("misuse is refused where it happens", function()
  local h = history.start()
  raises("bad argument #1 to 'history.invoke' (a history expected, got nil)", history.invoke, nil, "read")
  raises("bad argument #2 to 'history.invoke' (the operation's name, a string, expected, got number)", history.invoke, h, 1)
  raises("bad argument #2 to 'history.ok' (P0(root) has no operation open", history.ok, h, "read")
  history.invoke(h, "read")
  raises("bad argument #2 to 'history.invoke' (P0(root) invokes write while its read is open", history.invoke, h, "write", 1)
  raises("bad argument #2 to 'history.ok' (P0(root) completes write but invoked read)", history.ok, h, "write")
  history.ok(h, "read")
  raises("bad argument #1 to 'history.start' (unknown option 'pionts'", history.start, { pionts = true })
  raises("bad argument #3 to 'history.invoke' (a coroutine cannot leave a process)", history.invoke, h, "f", coroutine.create(raises))
  raises("bad argument #2 to 'checker.check' (unknown model 'registr'", checker.linearizable, h, "registr")
  raises("bad argument #3 to 'checker.check' (unknown property 'linear'", checker.check, h, "register", "linear")
  raises("bad argument #3 to 'checker.check' (serializable is not defined for model register)", checker.serializable, h, "register")
  raises("bad argument #4 to 'checker.check' (option 'node'", checker.linearizable, h, "register", { node = 1 })
  raises("bad argument #1 to 'checker.check' (step 1: f: ", checker.linearizable, h, "queue")
  raises("bad argument #1 to 'checker.check' (a history expected, got number)", checker.linearizable, 1, "queue")
  raises("bad argument #1 to 'checker.check' (event 2: process 1 completes", checker.linearizable, {
    { process = 0, type = "invoke", f = "read" },
    { process = 1, type = "ok", f = "read" },
  }, "register")
  raises("bad argument #1 to 'checker.check' (event 1: type must be", checker.linearizable, { { process = 0, f = "read" } }, "register")
end)

lockstep.scenario("op records what becomes of its function", function()
  local h = history.start()
  assert(select("#", history.op(h, "write", 1, function(v, k) return v, k, "more" end, "key")) == 3)
  local nothing, why = history.op(h, "write", 2, function() return history.failed end)
  assert(nothing == nil and why == "fail")
  nothing, why = history.op(h, { f = "write", value = 3 }, function(v) assert(v == 3) return history.unknown end)
  assert(nothing == nil and why == "info")
  raises("boom", history.op, h, "write", 4, function() error("boom") end)
  assert(shown(h) == "0 invoke write 1; 0 ok write 1; 0 invoke write 2; 0 fail write nil; 0 invoke write 3; "
    .. "0 info write nil; 0 invoke write 4; 0 info write nil", shown(h))
end)

-- An invocation counts from the next operation on: the other process's whole operation may come before it.
local function late(h, a, parent)
  history.invoke(h, "read")
  history.ok(h, "read", atomics.get(a, 1))
  lockstep.send(parent, "done")
end
lockstep.scenario("an operation lasts from its first step to its last", function()
  local h, a = history.start(), atomics.new(1)
  lockstep.spawn(late, h, a, lockstep.self())
  history.op(h, "write", 1, function() atomics.put(a, 1, 1) end)
  lockstep.recv()
  local text = shown(h)
  assert(text == "0 invoke write 1; 0 ok write nil; 1 invoke read nil; 1 ok read 1"
    or text == "1 invoke read nil; 1 ok read 0; 0 invoke write 1; 0 ok write nil", text)
end)

lockstep.scenario("an operation that is killed stays open", function()
  local h = history.start()
  local pid, ref = lockstep.spawn_monitor(function()
    history.invoke(h, "write", 1)
    lockstep.send(lockstep.self(), "begun")
    lockstep.recv_first("never")
  end)
  lockstep.yield()
  lockstep.exit(pid, "kill")
  lockstep.recv_first({ "DOWN", ref, lockstep.any, lockstep.any, lockstep.any })
  local text = shown(h)
  assert(text == "" or text == "1 invoke write 1", text)
  assert(checker.linearizable(h, "register") == "valid")
end)

local function event(process, type, f, value) return { process = process, type = type, f = f, value = value } end

-- By hand: w(1) ends before r begins, so r must see it; while they overlap it may see either.
local apart = { event(0, "invoke", "write", 1), event(0, "ok", "write"), event(1, "invoke", "read"), event(1, "ok", "read") }
local overlap = { event(0, "invoke", "write", 1), event(1, "invoke", "read"), event(0, "ok", "write"), event(1, "ok", "read") }

lockstep.scenario("verdicts", function()
  assert(checker.verdict(apart, "register") == "invalid")
  assert(checker.verdict(apart, "register", "sequential") == "valid")
  local verdict, order = checker.verdict(overlap, "register")
  assert(verdict == "valid" and #order == 2 and order[1] == 2 and order[2] == 1, "the read, then the write")
  assert(checker.linearizable(overlap, "register") == "valid")
  local text = select(2, checker.verdict(apart, "register"))
  assert(text:find("before read %-> null by process 1 %(events 3%-4%) ended there was one"), text)
  local levels = checker.strongest(apart, "register")
  assert(#levels == 1 and levels[1] == "sequential", levels[1])
  assert(checker.strongest(overlap, "register")[1] == "linearizable")
end)

-- Two transactions that each read what the other has not yet written: write skew, not serializable.
lockstep.scenario("transactions", function()
  local h = history.start()
  local function txn(process, reads, writes)
    return event(process, "invoke", "txn", { { "r", reads }, { "w", writes, process + 1 } }),
      event(process, "ok", "txn", { { "r", reads, history.null }, { "w", writes, process + 1 } })
  end
  local a, a2 = txn(0, "x", "y")
  local b, b2 = txn(1, "y", "x")
  local events = { a, b, a2, b2 }
  assert(checker.verdict(events, "txn-register", "snapshot-isolation") == "valid")
  assert(checker.verdict(events, "txn-register", "serializable") == "invalid")
  history.op(h, "txn", { { "w", "x", 1 }, { "r", "x" } }, function() return { { "w", "x", 1 }, { "r", "x", 1 } } end)
  for _, property in ipairs(checker.properties) do
    if property ~= "sequential" and not property:find("^causal%-c") and property ~= "causal-projection" then
      assert(checker.check(h, model.txn_register, property) == "valid", property)
    end
  end
end)

lockstep.scenario("a violation ends the execution", { expect = "not_linearizable" }, function()
  pcall(checker.linearizable, apart, "register")
end)

lockstep.scenario("a violation of another property too", { expect = "not_linearizable" }, function()
  local events = {
    event(0, "invoke", "write", 1), event(0, "ok", "write"), event(0, "invoke", "read"), event(0, "ok", "read", 2),
    event(1, "invoke", "write", 2), event(1, "ok", "write"), event(1, "invoke", "read"), event(1, "ok", "read", 1),
  }
  assert(checker.verdict(events, "register", "causal-cm") == "valid")
  checker.sequential(events, "register")
end)

lockstep.scenario("no verdict is an error unless it may pass", function()
  local events = {}
  for i = 1, 40 do events[i] = event(i, "invoke", "add", i * i) end
  for i = 1, 40 do events[40 + i] = event(i, "ok", "add") end
  events[81], events[82] = event(0, "invoke", "read"), event(0, "ok", "read", 1)
  for i = 1, 10 do events[#events + 1] = event(i, "invoke", "inc") end
  local verdict = checker.verdict(events, "counter", "linearizable", { nodes = 1 })
  assert(verdict == "unknown" or verdict == "invalid", verdict)
  if verdict == "unknown" then
    raises("no verdict on the history within 1 nodes", checker.linearizable, events, "counter", { nodes = 1 })
    assert(checker.linearizable(events, "counter", { nodes = 1, unknown = "pass" }) == "unknown")
  end
end)

-- ---- models of one's own ----

local bank = model.define {
  name = "account",
  init = 0,
  step = function(balance, op)
    if op.f == "deposit" then return balance + op.value end
    if op.f == "withdraw" then
      if not op.ok or op.result then
        if balance >= op.value then return balance - op.value end
        return not op.ok and balance or nil, "only " .. balance .. " is there"
      end
      if balance >= op.value then return nil, "refused although " .. balance .. " is there" end
      return balance
    end
    if not op.ok or op.result == balance then return balance end
    return nil, "the balance is " .. balance
  end,
  readonly = { "balance" },
  commutes = { "deposit" },
}

lockstep.scenario("a model of the scenario's", function()
  local good = {
    event(0, "invoke", "deposit", 5), event(1, "invoke", "withdraw", 5), event(1, "ok", "withdraw", true),
    event(0, "ok", "deposit"), event(2, "invoke", "balance"), event(2, "ok", "balance", 0),
  }
  assert(checker.linearizable(good, bank) == "valid" and checker.sequential(good, bank) == "valid")
  good[6].value = 5
  local verdict, why = checker.verdict(good, bank)
  assert(verdict == "invalid" and why:find("the balance is 0", 1, true), why)
  good[6].value = 0
  assert(checker.test_model(good, bank))
  -- An unknown deposit may have happened, or not.
  for _, result in ipairs { 0, 5 } do
    assert(checker.verdict({
      event(0, "invoke", "deposit", 5), event(0, "info", "deposit"), event(1, "invoke", "balance"),
      event(1, "ok", "balance", result),
    }, bank) == "valid")
  end
end)

lockstep.scenario("a violation of such a model", { expect = "not_linearizable" }, function()
  checker.linearizable({ event(0, "invoke", "withdraw", 1), event(0, "ok", "withdraw", true) }, bank)
end)

local registers = {
  init = function() return {} end,
  step = function(s, op)
    if op.f == "read" then
      if not op.ok or op.result == s[op.key] then return s end
      return nil
    end
    local copy = {}
    for k, v in pairs(s) do copy[k] = v end
    copy[op.key] = op.value
    return copy
  end,
  readonly = { "read" },
  partition = "key",
}

lockstep.scenario("a declared partition, and a wrong one", function()
  local events = {}
  for k = 1, 4 do
    for i = 1, 3 do
      events[#events + 1] = { process = k, type = "invoke", f = "write", key = "k" .. k % 2, value = i }
      events[#events + 1] = { process = k, type = "ok", f = "write", key = "k" .. k % 2 }
      events[#events + 1] = { process = k, type = "invoke", f = "read", key = "k" .. k % 2 }
      events[#events + 1] = { process = k, type = "ok", f = "read", key = "k" .. k % 2, value = i }
    end
  end
  local sound = model.define(registers)
  assert(checker.linearizable(events, sound) == "valid" and checker.test_model(events, sound))
  local wrong = {}
  for k, v in pairs(registers) do wrong[k] = v end
  wrong.partition = function(op) return op.f end
  raises("the declared partition is not sound", checker.test_model, events, model.define(wrong))
  wrong.partition, wrong.readonly = nil, { "write" }
  raises("declared readonly, but", checker.test_model, events, model.define(wrong))
  wrong.readonly, wrong.commutes = nil, { "write" }
  raises("declared to commute, but", checker.test_model, events, model.define(wrong))
end)

lockstep.scenario("equal states may look different", function()
  local steps = 0
  local sum = model.define {
    init = { 0, "start" },
    step = function(s, op)
      if op.f == "read" then return op.result == s[1] and s or nil end
      return { s[1] + op.value, op.value }
    end,
    equal = function(a, b) return a[1] == b[1] end,
  }
  local events = {}
  for i = 1, 6 do events[#events + 1] = event(i, "invoke", "add", i) end
  for i = 1, 6 do events[#events + 1] = event(i, "ok", "add") end
  events[#events + 1] = event(0, "invoke", "read")
  events[#events + 1] = event(0, "ok", "read", 21)
  assert(checker.linearizable(events, sum) == "valid" and steps == 0)
  events[#events].value = 22
  assert(checker.verdict(events, sum) == "invalid")
end)

lockstep.scenario("a model that fails is misuse, not a verdict", function()
  local one = { event(0, "invoke", "f"), event(0, "ok", "f") }
  local function with(step) return model.define { init = 0, step = step } end
  raises("bad argument #2 to 'checker.check' (step: history.lua:", checker.linearizable, one, with(function() error("oops") end))
  raises("a model may not perform operations (yield)", checker.linearizable, one, with(function() lockstep.yield() end))
  raises("a coroutine, which cannot be a state", checker.linearizable, one, with(function() return coroutine.create(raises) end))
  raises("bad argument #2 to 'checker.check' (a model has a function step and an init", checker.linearizable, one, {})
  raises("bad argument #1 to 'model.define' (step: a function expected, got nil)", model.define, { init = 0 })
  raises("(init: a state, or a function that returns it, expected, got nil)", model.define, { step = raises })
  raises("(unknown field 'stepp')", model.define, { init = 0, step = raises, stepp = 1 })
  raises("(readonly: a list of names or a function expected, got boolean)", model.define, { init = 0, step = raises, readonly = true })
end)

lockstep.scenario("a model that never ends is a runaway", { expect = "runaway" }, function()
  local one = { event(0, "invoke", "f"), event(0, "ok", "f") }
  checker.linearizable(one, model.define { init = 0, step = function() while true do end end })
end)

lockstep.scenario("a model that takes all memory is a bound", { expect = "memory_bound", max_memory = "8M" }, function()
  local one = { event(0, "invoke", "f"), event(0, "ok", "f") }
  checker.linearizable(one, model.define {
    init = 0,
    step = function()
      local t = {}
      for i = 1, 1e9 do t[i] = i end
      return #t
    end,
  })
end)

-- With points of its own, recording is seen by the scheduler: the read may fall between two records.
local function pointed(h, parent)
  history.op(h, "write", 1, function() end)
  lockstep.send(parent, "done")
end
lockstep.scenario("points", function()
  local h = history.start { points = true }
  lockstep.spawn(pointed, h, lockstep.self())
  history.op(h, "write", 2, function() end)
  lockstep.recv()
  assert(#history.events(h) == 4)
end)
lockstep.scenario("points let operations overlap", { expect = "assertion" }, function()
  local h = history.start { points = true }
  lockstep.spawn(pointed, h, lockstep.self())
  history.op(h, "write", 2, function() end)
  lockstep.recv()
  assert(not shown(h):find("invoke write %d; %d invoke"), "they overlap")
end)
