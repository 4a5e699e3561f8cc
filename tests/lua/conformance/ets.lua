-- Conformance cases of area ets, one scenario each, named by its id (INDEX.md).
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local support = require "support"

local expect, raised, badarg, defined = support.expect, support.raised, support.badarg, support.defined
local scenario, ask, doer, idle, await_down = lockstep.scenario, support.ask, support.doer, support.idle, support.await_down

local function new(...)
  return ets.new("t", { ... })
end
local function filled(options, ...)
  local t = ets.new("t", options)
  for _, object in ipairs({ ... }) do
    ets.insert(t, object)
  end
  return t
end

scenario("ets-insert-new", function()
  local t = new("set")
  expect({ true, false, { { "k", 1 } } },
    { ets.insert_new(t, { "k", 1 }), ets.insert_new(t, { "k", 2 }), ets.lookup(t, "k") })
end)

scenario("ets-bag-order", function()
  local b = filled({ "bag" }, { "k", 3 }, { "k", 1 }, { "k", 2 }, { "k", 1 })
  expect({ { { "k", 3 }, { "k", 1 }, { "k", 2 } }, 3 }, { ets.lookup(b, "k"), ets.info(b, "size") })
end)

scenario("ets-dupbag-insert-list-order", function()
  local d = filled({ "duplicate_bag" }, { "k", 0 })
  ets.insert(d, { { "k", 1 }, { "k", 2 }, { "k", 1 } })
  expect({ { "k", 0 }, { "k", 1 }, { "k", 2 }, { "k", 1 } }, ets.lookup(d, "k"))
end)

scenario("ets-bag-delete-reinsert", function()
  local b = filled({ "bag" }, { "k", 1 }, { "k", 2 }, { "k", 3 })
  ets.delete_object(b, { "k", 1 })
  ets.insert(b, { "k", 1 })
  expect({ { "k", 2 }, { "k", 3 }, { "k", 1 } }, ets.lookup(b, "k"))
end)

scenario("ets-bag-insert-new", function()
  local b = new("bag")
  expect({ true, false, { { "k", 1 } } },
    { ets.insert_new(b, { "k", 1 }), ets.insert_new(b, { "k", 2 }), ets.lookup(b, "k") })
end)

scenario("ets-ordered-insert-new-float", function()
  local o = filled({ "ordered_set" }, { 1, "a" })
  local r = ets.insert_new(o, { 1.0, "b" })
  local d = ets.delete(o, 1.0)
  expect({ false, true, {} }, { r, d, ets.tab2list(o) })
end)

scenario("ets-delete-object", function()
  local s = filled({ "set" }, { "k", 1 })
  local r = ets.delete_object(s, { "k", 2 })
  local d = new("duplicate_bag")
  ets.insert(d, { { "k", 1 }, { "k", 2 }, { "k", 1 } })
  ets.delete_object(d, { "k", 1 })
  expect({ true, { { "k", 1 } }, { { "k", 2 } } }, { r, ets.lookup(s, "k"), ets.lookup(d, "k") })
end)

scenario("ets-take", function()
  local s = filled({ "set" }, { "k", 1 })
  local b = filled({ "bag" }, { "k", 2 }, { "k", 1 }, { "j", 0 })
  expect({ { { "k", 1 } }, {}, { { "k", 2 }, { "k", 1 } }, { { "j", 0 } } },
    { ets.take(s, "k"), ets.take(s, "k"), ets.take(b, "k"), ets.tab2list(b) })
end)

scenario("ets-member", function()
  local s = filled({ "set" }, { "k", 1 })
  expect({ true, false }, { ets.member(s, "k"), ets.member(s, "z") })
end)

scenario("ets-uc-basic", function()
  local s = filled({ "set" }, { "k", 10, "x", 5 })
  expect({ 13, -7, 7, { { "k", -7, "x", 7 } } }, { ets.update_counter(s, "k", 3), ets.update_counter(s, "k", -20),
    ets.update_counter(s, "k", { 4, 2 }), ets.lookup(s, "k") })
end)

local function four(s, op)
  local results = {}
  for i = 1, 4 do
    results[i] = ets.update_counter(s, "k", op)
  end
  return results
end
scenario("ets-uc-threshold-up", function()
  expect({ 9, 10, 0, 1 }, four(filled({ "set" }, { "k", 8 }), { 2, 1, 10, 0 }))
end)
scenario("ets-uc-threshold-down", function()
  expect({ 1, 0, 100, 99 }, four(filled({ "set" }, { "k", 2 }), { 2, -1, 0, 100 }))
end)

scenario("ets-uc-threshold-already-over", function()
  local s = new("set")
  local function from50(op)
    ets.insert(s, { "k", 50 })
    return ets.update_counter(s, "k", op)
  end
  expect({ 7, 3, 49 }, { from50({ 2, 0, 10, 7 }), from50({ 2, -1, 60, 3 }), from50({ 2, -1, 10, 3 }) })
end)

scenario("ets-uc-missing", function()
  local s = new("set")
  expect({ badarg, 101, 102, { { "k", 102 } } }, { raised(ets.update_counter, s, "k", 1),
    ets.update_counter(s, "k", 1, { "k", 100 }), ets.update_counter(s, "k", 1, { "k", 100 }), ets.lookup(s, "k") })
end)

scenario("ets-uc-errors", function()
  local s = filled({ "set" }, { "k", "foo", 1 })
  local b = filled({ "bag" }, { "k", 1 })
  local function uc(t, op)
    return raised(ets.update_counter, t, "k", op)
  end
  expect({ badarg, badarg, badarg, badarg, badarg, { { "k", "foo", 1 } } },
    { uc(s, 1), uc(s, { 1, 1 }), uc(s, { 4, 1 }), uc(s, { 3, 1.5 }), uc(b, 1), ets.lookup(s, "k") })
end)

-- By design: integers have 64 bits here. What would not fit raises instead of wrapping.
scenario("ets-uc-bignum", function()
  local s = filled({ "set" }, { "k", math.maxinteger })
  expect({ "raised", "error", "system_limit" }, raised(ets.update_counter, s, "k", 1))
  expect({ { "k", math.maxinteger } }, ets.lookup(s, "k"))
end)

scenario("ets-ue", function()
  local s = filled({ "set" }, { "k", 1, 2 })
  local ue = ets.update_element
  expect({ true, true, { { "k", "b", "c" } }, false, badarg, badarg, true },
    { ue(s, "k", { 2, "a" }), ue(s, "k", { { 2, "b" }, { 3, "c" } }), ets.lookup(s, "k"), ue(s, "missing", { 2, "z" }),
      raised(ue, s, "k", { 1, "z" }), raised(ue, s, "k", { 4, "z" }), ue(s, "k", {}) })
end)

scenario("ets-ue-atomic", function()
  local s = filled({ "set" }, { "k", 1, 2 })
  local r = raised(ets.update_element, s, "k", { { 2, "x" }, { 9, "y" } })
  local b = filled({ "bag" }, { "k", 1 })
  expect({ badarg, { { "k", 1, 2 } }, badarg },
    { r, ets.lookup(s, "k"), raised(ets.update_element, b, "k", { 2, "z" }) })
end)

scenario("ets-next-deleted-key", function()
  local s = filled({ "set" }, { "a" })
  local k = ets.first(s)
  ets.delete(s, k)
  local r1 = raised(ets.next, s, k)
  ets.insert(s, { "a" })
  ets.safe_fixtable(s, true)
  ets.delete(s, "a")
  expect({ badarg, "$end_of_table" }, { r1, raised(ets.next, s, "a") })
end)

scenario("ets-fixtable-traverse-delete", function()
  local s = new("set")
  for i = 1, 50 do
    ets.insert(s, { i })
  end
  ets.safe_fixtable(s, true)
  local visited, distinct, seen = 0, 0, {}
  local k = ets.first(s)
  while k ~= "$end_of_table" do
    visited = visited + 1
    if not seen[k] then
      seen[k] = true
      distinct = distinct + 1
    end
    ets.delete(s, k)
    k = ets.next(s, k)
  end
  ets.safe_fixtable(s, false)
  expect({ 50, 50, 0 }, { visited, distinct, ets.info(s, "size") })
end)

scenario("ets-match", function()
  local o = new("ordered_set")
  ets.insert(o, { { 1, "a", "a" }, { 2, "a", "b" }, { 3, "b", "b" } })
  expect({ { { 2 }, { 3 } }, { { "a", 1 }, { "a", 2 }, { "b", 3 } }, { { 1, "a" }, { 3, "b" } }, {} },
    { ets.match(o, { "$1", "_", "b" }), ets.match(o, { "$2", "$1", "_" }), ets.match(o, { "$1", "$2", "$2" }),
      ets.match(o, { 9, "$1", "_" }) })
end)

scenario("ets-select-guard", function()
  local o = new("ordered_set")
  ets.insert(o, { { 4, 5 }, { 3, 30 }, { 1, 10 }, { 2, 20 } })
  expect({ { { 10, 1 }, { 20, 2 }, { 30, 3 } }, 3 },
    { ets.select(o, { { { "$1", "$2" }, { { ">", "$2", 8 } }, { { { "$2", "$1" } } } } }),
      ets.select_count(o, { { { "$1", "$2" }, { { ">", "$2", 8 } }, { true } } }) })
end)

scenario("ets-select-delete", function()
  local o = filled({ "ordered_set" }, { 1 }, { 2 }, { 3 }, { 4 }, { 5 })
  local r = ets.select_delete(o, { { { "$1" }, { { ">", "$1", 3 } }, { true } } })
  local r2 = ets.select_delete(o, { { { "$1" }, { { "=<", "$1", 3 } }, { "yes" } } })
  expect({ 2, 0, { { 1 }, { 2 }, { 3 } } }, { r, r2, ets.tab2list(o) })
end)

scenario("ets-select-replace", function()
  local o = filled({ "ordered_set" }, { 1, "a" }, { 2, "b" })
  local r = ets.select_replace(o, { { { "$1", "a" }, {}, { { { "$1", "z" } } } } })
  expect({ 1, { { 1, "z" }, { 2, "b" } } }, { r, ets.tab2list(o) })
end)

scenario("ets-select-limit", function()
  local o = filled({ "ordered_set" }, { 5 }, { 3 }, { 1 }, { 2 }, { 4 })
  local chunks = {}
  local r = ets.select(o, { { { "$1" }, {}, { "$1" } } }, 2)
  while r ~= "$end_of_table" do
    chunks[#chunks + 1] = r[1]
    r = ets.select(r[2])
  end
  expect({ { 1, 2 }, { 3, 4 }, { 5 } }, chunks)
end)

scenario("ets-multi-clause-select", function()
  local o = new("ordered_set")
  ets.insert(o, { { 1, "a" }, { 2, "b" }, { 3, "c" } })
  expect({ { "first", 1 }, { "second", 2 } }, ets.select(o, {
    { { "$1", "a" }, {}, { { { "first", "$1" } } } },
    { { "$1", "_" }, { { "<", "$1", 3 } }, { { { "second", "$1" } } } },
  }))
end)

scenario("ets-keypos", function()
  local s = filled({ "set", { "keypos", 2 } }, { "v", "k" })
  local a = ets.lookup(s, "k")
  local b = raised(ets.insert, s, { "only_one" })
  ets.insert(s, { 5, "c", 7 })
  expect({ { { "v", "k" } }, badarg, 8, { { 5, "c", 8 } } }, { a, b, ets.update_counter(s, "c", 1), ets.lookup(s, "c") })
end)

scenario("ets-table-delete", function()
  local s = new("set")
  expect({ true, badarg, badarg, "undefined", badarg },
    { ets.delete(s), raised(ets.lookup, s, "k"), raised(ets.insert, s, { "a" }), defined(ets.info(s)), raised(ets.delete, s) })
end)

scenario("ets-delete-all", function()
  local s = new("set")
  ets.insert(s, { { 1 }, { 2 }, { 3 } })
  expect({ true, 0, true, 1 },
    { ets.delete_all_objects(s), ets.info(s, "size"), ets.insert(s, { "a", 1 }), ets.info(s, "size") })
end)

scenario("ets-rename", function()
  ets.new("rn_a", { "named_table" })
  ets.insert("rn_a", { "k", 1 })
  expect({ "rn_b", { { "k", 1 } }, badarg },
    { ets.rename("rn_a", "rn_b"), ets.lookup("rn_b", "k"), raised(ets.lookup, "rn_a", "k") })
end)

-- By design: a Lua string is an atom, so the bad name is a number here.
scenario("ets-bad-options", function()
  local t = ets.new("t", {})
  expect({ badarg, badarg, { "set", "protected", 1, false } }, { raised(ets.new, "t", { "bogus" }), raised(ets.new, 7, {}),
    { ets.info(t, "type"), ets.info(t, "protection"), ets.info(t, "keypos"), ets.info(t, "named_table") } })
end)

scenario("ets-access-private", function()
  local s = filled({ "private" }, { "k", 1 })
  local d = doer()
  expect({ badarg, badarg, badarg, 1 }, {
    ask(d, function() return ets.lookup(s, "k") end),
    ask(d, function() return ets.insert(s, { "a" }) end),
    ask(d, function() return ets.member(s, "k") end),
    ask(d, function() return ets.info(s, "size") end),
  })
end)

scenario("ets-access-public", function()
  local s = new("public")
  local d = doer()
  expect({ true, { { "a", 1 } }, true, "undefined" }, {
    ask(d, function() return ets.insert(s, { "a", 1 }) end),
    ets.lookup(s, "a"),
    ask(d, function() return ets.delete(s) end),
    defined(ets.info(s)),
  })
end)

scenario("ets-owner-death", function()
  local main = lockstep.self()
  local p = lockstep.spawn(function()
    local t = ets.new("t", { "public" })
    ets.insert(t, { "k", 1 })
    lockstep.send(main, t)
    lockstep.recv_first("go")
  end)
  local t = lockstep.recv()
  local a = ets.lookup(t, "k")
  lockstep.send(p, "go")
  await_down(p)
  expect({ { { "k", 1 } }, badarg, "undefined" }, { a, raised(ets.lookup, t, "k"), defined(ets.info(t)) })
end)

scenario("ets-heir-before-down", function()
  lockstep.flag("trap_exit", true)
  local main = lockstep.self()
  local p = lockstep.spawn_link(function()
    ets.new("t", { { "heir", main, "info" } })
    lockstep.send(main, "up")
    lockstep.recv_first("go")
    lockstep.exit("crash")
  end)
  lockstep.monitor(p)
  lockstep.recv_first("up")
  lockstep.send(p, "go")
  local first, b, c = lockstep.recv()[1], lockstep.recv()[1], lockstep.recv()[1]
  if b > c then
    b, c = c, b
  end
  expect({ "ETS-TRANSFER", { "DOWN", "EXIT" } }, { first, { b, c } })
end)

scenario("ets-heir-none", function()
  local main = lockstep.self()
  local p = doer()
  local t = ask(p, function() return ets.new("t", { "public", { "heir", main, "x" } }) end)
  local r = ask(p, function() return ets.setopts(t, { "heir", "none" }) end)
  lockstep.exit(p, "kill")
  await_down(p)
  expect({ true, "undefined", "none" }, { r, defined(ets.info(t)), lockstep.recv(30) or "none" })
end)

scenario("ets-give-away", function()
  local main = lockstep.self()
  local p = lockstep.spawn(function()
    lockstep.send(main, { "rep", lockstep.recv() })
    lockstep.recv_first("stop")
  end)
  local t = filled({ "protected" }, { "k", 1 })
  local r = ets.give_away(t, p, "gift")
  local message = lockstep.recv()[2]
  expect({ true, { "ETS-TRANSFER", true, true, "gift" }, true, badarg, { { "k", 1 } } },
    { r, { message[1], message[2] == t, message[3] == main, message[4] }, ets.info(t, "owner") == p,
      raised(ets.insert, t, { "z" }), ets.lookup(t, "k") })
end)

scenario("ets-give-away-lifetime", function()
  local a, b = doer(), idle()
  local t = ask(a, function()
    local made = ets.new("t", { "public" })
    ets.give_away(made, b, "g")
    return made
  end)
  lockstep.exit(a, "kill")
  await_down(a)
  local e1 = ets.info(t, "size")
  lockstep.exit(b, "kill")
  await_down(b)
  expect({ 0, "undefined" }, { e1, defined(ets.info(t)) })
end)

scenario("ets-isolation-copy", function()
  local t = new()
  local v = { n = 1 }
  ets.insert(t, { "k", v })
  v.n = 2
  local x = ets.lookup(t, "k")[1][2]
  x.n = 3
  expect(1, ets.lookup(t, "k")[1][2].n)
end)

scenario("ets-concurrent-counter", function()
  local t = filled({ "public" }, { "c", 0 })
  local workers = {}
  for i = 1, 4 do
    workers[i] = lockstep.spawn(function()
      for _ = 1, 250 do
        ets.update_counter(t, "c", 1)
      end
    end)
  end
  for i = 1, 4 do
    await_down(workers[i])
  end
  expect({ { "c", 1000 } }, ets.lookup(t, "c"))
end)

scenario("ets-concurrent-take", function()
  local main = lockstep.self()
  local t = filled({ "public" }, { "job", 1 })
  for _ = 1, 4 do
    lockstep.spawn(function()
      lockstep.send(main, ets.take(t, "job"))
    end)
  end
  local got = {}
  for i = 1, 4 do
    got[i] = lockstep.recv()
  end
  table.sort(got, function(a, b) return #a < #b end)
  expect({ {}, {}, {}, { { "job", 1 } } }, got)
end)

scenario("ets-insert-list-atomic-readers", function()
  local main = lockstep.self()
  local t = new("public", "ordered_set")
  lockstep.spawn(function()
    ets.insert(t, { { 1 }, { 2 }, { 3 } })
    lockstep.send(main, "done")
  end)
  repeat
    local n = ets.select_count(t, { { "_", {}, { true } } })
    assert(n == 0 or n == 3, n)
    lockstep.recv(n == 3 and 1000 or 1)
  until n == 3
end)

scenario("ets-info-owner-memory", function()
  local t = new()
  expect({ true, badarg, "undefined", badarg }, { ets.info(t, "owner") == lockstep.self(), raised(ets.info, t, "bogus"),
    defined(ets.info("no_such_table")), raised(ets.info, lockstep.make_ref()) })
end)

scenario("ets-give-away-keeps-heir", function()
  local p = idle()
  local t = new({ "heir", lockstep.self(), "hd" })
  ets.give_away(t, p, "g")
  lockstep.exit(p, "kill")
  local message = lockstep.recv()
  expect({ "ETS-TRANSFER", true, true, "hd", true },
    { message[1], message[2] == t, message[3] == p, message[4], ets.info(t, "owner") == lockstep.self() })
end)

scenario("ets-private-owner-give-away", function()
  local d = lockstep.spawn(function()
    local from = lockstep.recv_first({ "ETS-TRANSFER", lockstep.any, lockstep.any, lockstep.any })
    local m = lockstep.recv()
    lockstep.send(m[2], { m[3], raised(m[4]) })
    return from
  end)
  local t = filled({ "private" }, { "k", 1 })
  ets.give_away(t, d, "g")
  expect({ { { "k", 1 } }, badarg }, { ask(d, function() return ets.lookup(t, "k") end), raised(ets.lookup, t, "k") })
end)

-- ---- programs with several outcomes ----

support.nondet("nd-ets-lost-update-3", { 1, 2, 3 }, function()
  local main = lockstep.self()
  local t = filled({ "public" }, { "c", 0 })
  for _ = 1, 3 do
    lockstep.spawn(function()
      local v = ets.lookup(t, "c")[1][2]
      ets.insert(t, { "c", v + 1 })
      lockstep.send(main, "done")
    end)
  end
  for _ = 1, 3 do
    lockstep.recv()
  end
  return ets.lookup_element(t, "c", 2)
end)

support.nondet("nd-ets-insert-new-race", { { false, true }, { true, false } }, function()
  local main = lockstep.self()
  local t = new("public")
  for _, name in ipairs({ "p", "q" }) do
    lockstep.spawn(function()
      lockstep.send(main, { name, ets.insert_new(t, { "k", name }) })
    end)
  end
  return { lockstep.recv_first({ "p", lockstep.any })[2], lockstep.recv_first({ "q", lockstep.any })[2] }
end)

support.nondet("nd-ets-owner-death-read", { "badarg", "value" }, function()
  local main = lockstep.self()
  lockstep.spawn(function()
    ets.new("odr", { "public", "named_table" })
    ets.insert("odr", { "k", 1 })
    lockstep.send(main, "up")
  end)
  lockstep.recv_first("up")
  local r = raised(ets.lookup, "odr", "k")
  return r[1] == "raised" and r[3] or "value"
end)

support.nondet("nd-ets-list-insert-two-reads", { { 0, 0 }, { 0, 1 }, { 1, 1 } }, function()
  local main = lockstep.self()
  local t = new("public")
  ets.insert(t, { { "k1", 0 }, { "k2", 0 } })
  lockstep.spawn(function()
    ets.insert(t, { { "k1", 1 }, { "k2", 1 } })
  end)
  lockstep.spawn(function()
    local a = ets.lookup_element(t, "k1", 2)
    local b = ets.lookup_element(t, "k2", 2)
    lockstep.send(main, { a, b })
  end)
  return lockstep.recv()
end)

support.nondet("nd-ets-counter-reset", { 0, 1, 2 }, function()
  local main = lockstep.self()
  local t = filled({ "public" }, { "c", 5 })
  local function add()
    ets.update_counter(t, "c", 1)
    lockstep.send(main, "done")
  end
  lockstep.spawn(add)
  lockstep.spawn(add)
  lockstep.spawn(function()
    ets.insert(t, { "c", 0 })
    lockstep.send(main, "done")
  end)
  for _ = 1, 3 do
    lockstep.recv()
  end
  return ets.lookup_element(t, "c", 2)
end)

support.nondet("nd-ets-take-race", { { "empty", "got", 0 }, { "got", "empty", 0 } }, function()
  local main = lockstep.self()
  local t = new("public")
  local function taker(name)
    lockstep.spawn(function()
      lockstep.send(main, { name, #ets.take(t, "job") == 0 and "empty" or "got" })
    end)
  end
  taker("p")
  ets.insert(t, { "job", 1 })
  taker("q")
  local a, b = lockstep.recv_first({ "p", lockstep.any })[2], lockstep.recv_first({ "q", lockstep.any })[2]
  return { a, b, ets.info(t, "size") }
end)

support.nondet("nd-ets-select-during-inserts", { 0, 1, 2 }, function()
  local t = new("public", "ordered_set")
  local p = lockstep.spawn(function()
    ets.insert(t, { 1 })
    ets.insert(t, { 2 })
  end)
  local n = ets.select_count(t, { { "_", {}, { true } } })
  await_down(p)
  return n
end)

support.nondet("nd-ets-give-away-vs-write", { "badarg", true }, function()
  local e, o = idle(), doer()
  local t = ask(o, function() return ets.new("t", { "protected" }) end)
  local x = lockstep.spawn(function()
    support.act(o, function() ets.give_away(t, e, "g") end)
  end)
  local r = ask(o, function() return ets.insert(t, { "k", 1 }) end)
  await_down(x)
  return r == true or r[3]
end)
