-- What the conformance cases leave open of tables, atomics and persistent terms: forms, errors, footprints.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local atomics = require "lockstep.atomics"
local counters = require "lockstep.counters"
local persistent_term = require "lockstep.persistent_term"

local function show(v)
  if type(v) ~= "table" then
    return type(v) == "string" and string.format("%q", v) or tostring(v)
  end
  local parts = {}
  for i = 1, #v do
    parts[i] = show(v[i])
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end
local function expect(text, got)
  if show(got) ~= text then
    error("expected " .. text .. ", got " .. show(got), 2)
  end
end
local function fails(pattern, f, ...)
  local good, e = pcall(f, ...)
  assert(not good, "no error")
  local text = type(e) == "table" and e.class .. ":" .. tostring(e.reason) or e
  assert(string.find(text, pattern), text)
end
local function badarg(f, ...)
  fails("^error:badarg$", f, ...)
end
local function new(...)
  return ets.new("t", { ... })
end

lockstep.scenario("1 and 1.0", function()
  local s, o = new(), new("ordered_set")
  for _, t in ipairs({ s, o }) do
    ets.insert(t, { 1, "int" })
    ets.insert(t, { 1.0, "float" })
  end
  expect('{{1, "int"}, {1.0, "float"}}', ets.tab2list(s))
  expect('{{1.0, "float"}}', ets.tab2list(o))
  expect('{{1.0, "float"}}', ets.lookup(o, 1))
  expect('{{1, "int"}}', ets.lookup(s, 1))
  expect("{}", ets.match(o, { 1, "$1" }))
end)

-- Whether Lua has guessed the length of a table does not matter.
lockstep.scenario("an object with a hole", function()
  local function row()
    return { 1, 2, 3, 4, 5, 6, 7, 8, 9, nil, 11, nil, nil, nil, nil, nil }
  end
  local asked = row()
  assert(#asked > 0)
  for _, object in ipairs({ row(), asked }) do
    badarg(ets.insert, new(), object)
  end
end)

lockstep.scenario("order of keys", function()
  for _, kind in ipairs({ "ordered_set", "set" }) do
    local t = new(kind)
    for _, k in ipairs({ "b", { 1, 2 }, 3, { 9 }, "a", 2.5, -1, true }) do
      ets.insert(t, { { k } })
    end
    local keys = {}
    local k = ets.first(t)
    while k ~= "$end_of_table" do
      keys[#keys + 1] = k
      k = ets.next(t, k)
    end
    expect('{-1, 2.5, 3, "a", "b", true, {9}, {1, 2}}', keys)
  end
end)

lockstep.scenario("first, last, next, prev", function()
  local o = new("ordered_set")
  expect('"$end_of_table"', ets.first(o))
  expect('"$end_of_table"', ets.last(o))
  ets.insert(o, { { 1 }, { 3 }, { 5 } })
  expect("{1, 5, 3, 3, 5, 1}", { ets.first(o), ets.last(o), ets.next(o, 2), ets.prev(o, 4), ets.next(o, 3), ets.prev(o, 3) })
  expect('{"$end_of_table", "$end_of_table"}', { ets.next(o, 5), ets.prev(o, 1) })
  local b = new("bag")
  ets.insert(b, { "a", 1 })
  ets.insert(b, { "a", 2 })
  ets.insert(b, { "b", 1 })
  expect('{"a", "b", "$end_of_table"}', { ets.first(b), ets.next(b, "a"), ets.next(b, "b") })
  badarg(ets.next, b, "c")
end)

lockstep.scenario("folds", function()
  local o, b = new("ordered_set"), new("bag")
  ets.insert(o, { { 2, "b" }, { 1, "a" }, { 3, "c" } })
  ets.insert(b, { "k", 2 })
  ets.insert(b, { "k", 1 })
  local function join(object, acc)
    return acc .. object[2]
  end
  expect('"abc"', ets.foldl(join, "", o))
  expect('"cba"', ets.foldr(join, "", o))
  expect('"21"', ets.foldl(join, "", b))
  expect('"x"', ets.foldl(join, "x", new()))
  -- The function may change the table: an object gone is not visited, and one behind is.
  local seen = ets.foldl(function(object, acc)
    ets.delete(o, 2)
    ets.insert(o, { 4, "d" })
    return acc .. object[2]
  end, "", o)
  expect('"acd"', seen)
  fails("oops", ets.foldl, function() error("oops") end, 0, o)
end)

lockstep.scenario("lookup_element and its default", function()
  local s, b = new(), new("bag")
  ets.insert(s, { "k", { 1, 2 }, 7.5 })
  ets.insert(b, { "k", 1 })
  ets.insert(b, { "k", 2 })
  expect("{{1, 2}, 7.5, {1, 2}}", { ets.lookup_element(s, "k", 2), ets.lookup_element(s, "k", 3), ets.lookup_element(b, "k", 2) })
  expect('"none"', ets.lookup_element(s, "z", 2, "none"))
  badarg(ets.lookup_element, s, "z", 2)
  badarg(ets.lookup_element, s, "k", 4)
  badarg(ets.lookup_element, s, "k", 0)
end)

lockstep.scenario("lists of objects", function()
  local s, d = new(), new("duplicate_bag")
  expect("true", ets.insert(s, {}))
  expect("true", ets.insert(s, { { "a", 1 }, { "a", 2 } }))
  expect('{{"a", 2}}', ets.lookup(s, "a"))
  expect("false", ets.insert_new(s, { { "b", 1 }, { "a", 9 } }))
  expect("{}", ets.lookup(s, "b"))
  expect("true", ets.insert_new(s, { { "b", 1 }, { "b", 2 } }))
  expect('{{"b", 2}}', ets.lookup(s, "b"))
  badarg(ets.insert, s, { { "c", 1 }, {} })
  expect("{}", ets.lookup(s, "c"))
  -- An object of arrays alone goes in a list.
  ets.insert(d, { { { "x", 1 }, { "y" } } })
  expect('{{{"x", 1}, {"y"}}}', ets.lookup(d, { "x", 1 }))
  badarg(ets.insert, s, 5)
  badarg(ets.insert, s, { k = 1 })
  badarg(ets.insert, s, { 0 / 0 })
end)

lockstep.scenario("counters", function()
  local s = ets.new("t", { { "keypos", 1 } })
  ets.insert(s, { "k", 1, 10 })
  expect("{3, 30, 6}", ets.update_counter(s, "k", { { 2, 2 }, { 3, 20 }, { 2, 3 } }))
  expect('{{"k", 6, 30}}', ets.lookup(s, "k"))
  badarg(ets.update_counter, s, "k", { { 2, 1 }, { 9, 1 } })
  expect('{{"k", 6, 30}}', ets.lookup(s, "k"))
  expect("{}", ets.update_counter(s, "k", {}))
  expect("{}", ets.update_counter(s, "new", {}, { "any", 0 }))
  expect('{{"new", 0}}', ets.lookup(s, "new"))
  badarg(ets.update_counter, s, "bad", 1, { "any", "x" })
  expect("{}", ets.lookup(s, "bad"))
  badarg(ets.update_counter, s, "k", 1.0)
  badarg(ets.update_counter, s, "k", { 2, 1, 5 })
  ets.insert(s, { "k", math.maxinteger })
  expect("0", ets.update_counter(s, "k", { 2, 1, 100, 0 }))
  local o = new("ordered_set")
  ets.insert(o, { 1, 5 })
  expect("6", ets.update_counter(o, 1.0, 1))
end)

lockstep.scenario("update_element", function()
  local s = new()
  ets.insert(s, { "k", 1, "long enough to move" })
  expect("true", ets.update_element(s, "k", { { 2, { 1, { 2 } } }, { 3, "" } }))
  expect('{{"k", {1, {2}}, ""}}', ets.lookup(s, "k"))
  expect("false", ets.update_element(s, "none", {}))
  expect("true", ets.update_element(s, "made", { 2, "b" }, { "x", "a" }))
  expect('{{"made", "b"}}', ets.lookup(s, "made"))
end)

-- As ets_update_element_3 of erl_db.c: a missing key is false before anybody looks at the operations.
lockstep.scenario("update_element of a key that is missing", function()
  local s = new()
  ets.insert(s, { "k", 1 })
  for _, op in ipairs { { 1, "key" }, { 0, "none" }, { 40, "far" }, { 1.5, "float" }, { { 2, "fine" }, { 2 } } } do
    expect("false", ets.update_element(s, "none", op))
    expect("false", pcall(ets.update_element, s, "k", op))
  end
  expect('{{"k", 1}}', ets.lookup(s, "k"))
end)

lockstep.scenario("match specifications", function()
  local o = new("ordered_set")
  for i = 1, 6 do
    ets.insert(o, { i, i * i, i % 2 == 0 and "even" or "odd" })
  end
  local function select(head, guards, body)
    return ets.select(o, { { head, guards, body } })
  end
  expect("{2, 4, 6}", select({ "$1", "_", "even" }, {}, { "$1" }))
  expect("{{2, 4, \"even\"}}", select({ "$1", "_", "even" }, { { "<", "$1", 3 } }, { "$_" }))
  expect("{{5, 25}}", select({ "$1", "$2", "_" }, { { "=:=", { "element", 1, "$_" }, 5 } }, { "$$" }))
  expect("{7, 12}", select({ "$1", "$2", "_" }, { { "andalso", { ">", "$1", 1 }, { "<", "$1", 4 } } },
    { { "+", "$1", { "+", "$2", { "-", "$1", 1 } } } }) and { 7, 12 })
  expect("{1, 3, 5}", select({ "$1", "_", "$2" }, { { "not", { "==", "$2", "even" } } }, { "$1" }))
  expect("{1, 6}", select({ "$1", "_", "_" }, { { "or", { "==", "$1", 1.0 }, { ">=", "$1", 6 } } }, { "$1" }))
  expect("{}", select({ "$1", "_", "_" }, { { "=:=", "$1", 1.0 } }, { "$1" }))
  expect("{3}", select({ "$1", "_", "_" }, { { "==", { "rem", "$1", 4 }, 3 }, { "is_integer", "$1" } }, { "$1" }))
  -- A guard that cannot be worked out fails; a body that cannot yields "EXIT".
  expect("{}", select({ "$1", "_", "_" }, { { "==", { "hd", "$1" }, 1 } }, { "$1" }))
  expect('{"EXIT"}', select({ 1, "_", "_" }, {}, { { "div", 1, 0 } }))
  expect('{{1, "EXIT"}}', select({ "$1", 1, "_" }, {}, { { { "$1", { "div", 1, 0 } } } }))
  expect("{true}", select({ 1, "_", "_" }, {}, { { "is_atom", { "div", 1, 0 } } }))
  expect("{}", select({ 1, "_", "_" }, { { "is_atom", { "div", 1, 0 } } }, { true }))
  -- The last of andalso and orelse may be anything; those before may not.
  expect("{{7, 7, \"EXIT\"}}", select({ 1, "_", "_" }, {},
    { { { { "andalso", true, 7 }, { "orelse", false, 7 }, { "andalso", 7, true } } } }))
  expect("{{3, 2, 2.5, 1}}", select({ 1, "_", "_" }, {},
    { { { { "ceil", 2.5 }, { "floor", 2.5 }, { "max", 1, 2.5 }, { "min", 1, 2.5 } } } }))
  expect("{{true, false}}", select({ 1, "_", "_" }, {}, { { { { "is_binary", "a" }, { "is_binary", true } } } }))
  -- So many arguments no call takes, in a body either.
  for _, call in ipairs({ { "andalso" }, { "xor", true }, { "xor", true, true, true }, { "is_record", "$_", "a" } }) do
    badarg(ets.select, o, { { { "$1", "_", "_" }, { call }, { true } } })
    badarg(ets.select, o, { { { "$1", "_", "_" }, {}, { { { 1, call } } } } })
  end
  expect('{{"$1", 1}}', select({ "$1", "$2", "_" }, { { "==", "$1", 1 } }, { { { { "const", "$1" }, "$2" } } }))
  badarg(ets.select, o, { { { "$1" }, { { "no_such_guard", 1 } }, { true } } })
  badarg(ets.select, o, { { { "$1" }, {}, {} } })
  expect("{}", ets.select(o, { { "no tuple", {}, { true } }, { 7, {}, { true } } }))
  expect("{}", ets.match(o, "no tuple"))
  badarg(ets.select, o, { "x" })
  expect("{6, 5, 4, 3, 2, 1}", ets.select_reverse(o, { { { "$1", "_", "_" }, {}, { "$1" } } }))
  expect("4", ets.test_ms({ 2 }, { { { "$1" }, {}, { { "*", "$1", 2 } } } }))
  expect("false", ets.test_ms({ 2 }, { { { 3 }, {}, { true } } }))
end)

lockstep.scenario("maps in patterns", function()
  local s = new()
  ets.insert(s, { 1, { colour = "red", size = 3 } })
  ets.insert(s, { 2, { colour = "blue" } })
  expect("{{1, 3}}", ets.match(s, { "$1", { colour = "red", size = "$2" } }))
  expect('{{1, "red"}, {2, "blue"}}', ets.match(s, { "$1", { colour = "$2" } }))
  expect("{2}", ets.select(s, { { { "$1", "$2" }, { { "==", { "map_get", "colour", "$2" }, "blue" } }, { "$1" } } }))
end)

lockstep.scenario("chunks", function()
  local d = new("duplicate_bag")
  for i = 1, 3 do
    ets.insert(d, { "a", i })
    ets.insert(d, { "b", i })
  end
  local all, r = {}, ets.match(d, { "$1", "$2" }, 2)
  while r ~= "$end_of_table" do
    for _, v in ipairs(r[1]) do
      all[#all + 1] = v
    end
    ets.insert(d, { "a", 9 })  -- behind what has been seen, and before it
    ets.delete_object(d, { "a", 9 })
    r = ets.match(r[2])
  end
  expect('{{"a", 1}, {"a", 2}, {"a", 3}, {"b", 1}, {"b", 2}, {"b", 3}}', all)
  expect('"$end_of_table"', ets.match_object(d, { "z", "_" }, 5))
  badarg(ets.match, d, { "_" }, 0)
  local o = new("ordered_set")
  ets.insert(o, { { 1 }, { 2 }, { 3 } })
  local back = ets.select_reverse(o, { { { "$1" }, {}, { "$1" } } }, 2)
  expect("{3, 2}", back[1])
  expect("{1}", ets.select_reverse(back[2])[1])
  -- A full chunk goes on, even after the last object: one may come behind it.
  local full = ets.match(o, { "$1" }, 3)
  expect('"$end_of_table"', ets.match(full[2]))
  ets.insert(o, { 4 })
  expect('{{{4}}, "$end_of_table"}', ets.match(full[2]))
  expect('{{{1}, {2}, {3}, {4}}, "$end_of_table"}', ets.match(o, { "$1" }, 5))
  expect('{{{}}, "$end_of_table"}', ets.match(o, { 4 }, 1))
end)

lockstep.scenario("match_delete and select_replace", function()
  local s = new()
  ets.insert(s, { { 1, "a" }, { 2, "b" }, { 3, "a" } })
  expect("true", ets.match_delete(s, { "_", "a" }))
  expect('{{2, "b"}}', ets.tab2list(s))
  badarg(ets.select_replace, s, { { { "$1", "b" }, {}, { { { { "+", "$1", 1 }, "b" } } } } })
  expect('{{2, "b"}}', ets.tab2list(s))
  badarg(ets.select_replace, new("bag"), { { { "$1" }, {}, { "$_" } } })
  -- That the key stays has to be certain from the specification alone, whatever the table holds.
  local empty = new()
  for _, spec in ipairs({ { { "$1", "$2" }, { { "x", "$2" } } }, { { "$1", "$1" }, { { "$1" }, 1 } },
    { { "_", "$1" }, { { "$1", "$1" } } }, { { "$1", "_" }, { "const", { "$1", 2 } } }, { "$1", { { "$1" } } },
    { { { "$1", "_" }, 1 }, { { { { "$1", 2 } }, 1 } } }, { { 1, "_" }, { { 1.0, 2 } } },
    { { "$1", "_" }, { { { "element", 2, "$_" }, 1 } } }, { { "$1", "_" }, { "+", 1, 2 } } }) do
    badarg(ets.select_replace, empty, { { spec[1], {}, { spec[2] } } })
  end
  for _, spec in ipairs({ { "_", "$_" }, { { "_", "$1" }, { { { "element", 1, "$_" }, "$1" } } },
    { { { "$1", "$2" }, 1 }, { { { { "$1", "$2" } }, 2 } } }, { { 1, "_" }, { "const", { 1, 2 } } },
    { { { 1, "a" }, "_" }, { { { "const", { 1, "a" } }, 2 } } } }) do
    expect("0", ets.select_replace(empty, { { spec[1], {}, { spec[2] } } }))
  end
end)

lockstep.scenario("names, identifiers and facts", function()
  expect('"reg"', ets.new("reg", { "named_table", "public" }))
  badarg(ets.new, "reg", { "named_table" })
  local tid = ets.whereis("reg")
  ets.insert(tid, { 1 })
  expect("{{1}}", ets.lookup("reg", 1))
  assert(ets.whereis("nobody") == nil)
  assert(ets.info("reg", "id") == tid and ets.info(tid).size == 1 and ets.info(tid).name == "reg")
  assert(#ets.all() == 1 and ets.all()[1] == "reg")
  badarg(ets.rename, "reg", "reg")
  expect('"other"', ets.rename("reg", "other"))
  local unnamed = new()
  assert(ets.rename(unnamed, "another") == unnamed and ets.info(unnamed, "name") == "another")
  ets.delete(unnamed)
  assert(ets.info("nobody", "no_such_item") == nil)
  badarg(ets.lookup, "reg", 1)
  expect("{{1}}", ets.lookup("other", 1))
  expect("{{1}}", ets.lookup(tid, 1))
  ets.delete("other")
  badarg(ets.insert, tid, { 1 })
  assert(ets.info(tid, "size") == nil)
  expect("0", #ets.all())
  ets.new("other", { "named_table" })
  badarg(ets.insert, tid, { 1 })
  badarg(ets.new, "t", { { "keypos", 0 } })
  fails("bad argument #2", ets.new, "t", { keypos = 2 })
  fails("bad argument #2", ets.lookup, "other")
  fails("bad argument #1", ets.lookup)
  badarg(ets.lookup, 12, 1)
end)

lockstep.scenario("functions as values", function()
  local s = new()
  local n = 1
  local function count()
    n = n + 1
    return n
  end
  local function both()
    return count()
  end
  ets.insert(s, { "f", count, both })
  local object = ets.lookup(s, "f")[1]
  assert(object[2]() == 2 and object[3]() == 3 and n == 1)
  assert(ets.lookup_element(s, "f", 3)() == 2)
end)

lockstep.scenario("an heir that is dead", function()
  local heir = lockstep.spawn(function() end)
  local ref = lockstep.monitor(heir)
  lockstep.recv_first({ "DOWN", ref, "process", lockstep.any, lockstep.any })
  local main = lockstep.self()
  local owner, watch = lockstep.spawn_monitor(function()
    lockstep.send(main, ets.new("t", { "public", { "heir", heir, 1 } }))
  end)
  local t = lockstep.recv_first({ "DOWN", watch, "process", owner, "normal" }) and lockstep.recv()
  assert(ets.info(t) == nil)
  badarg(ets.give_away, new(), heir, 1)
  badarg(ets.give_away, new(), main, 1)
end)

lockstep.scenario("atomics by many at once", function()
  local r = atomics.new(2)
  local main = lockstep.self()
  for i = 1, 3 do
    lockstep.spawn(function()
      atomics.add(r, 1, i)
      atomics.sub(r, 2, i)
      lockstep.send(main, "done")
    end)
  end
  for _ = 1, 3 do
    lockstep.recv()
  end
  expect("{6, -6}", { atomics.get(r, 1), atomics.get(r, 2) })
  badarg(counters.get, r, 1)
  badarg(atomics.get, counters.new(1), 1)
end)

lockstep.scenario("persistent terms", function()
  expect('"ok"', persistent_term.put("k", { 1 }))
  expect('"ok"', persistent_term.put_new("k", { 1 }))
  badarg(persistent_term.put_new, "k", 2)
  persistent_term.put(1, "int")
  persistent_term.put(1.0, "float")
  expect('{{1, "int"}, {1.0, "float"}, {"k", {1}}}', persistent_term.get())
  expect("3", persistent_term.info().count)
  expect("{true, false}", { persistent_term.erase(1), persistent_term.erase(1) })
  expect('"float"', persistent_term.get(1.0))
  fails("bad argument #2", persistent_term.put, "k")
end)

-- Beyond 64 rows a bag counts the hashes of its rows, and of eight rows with a key it looks for the last one.
lockstep.scenario("a bag with many rows of one key holds each once, whatever was deleted between", function()
  local b, d = new("bag"), new("duplicate_bag")
  for i = 1, 300 do
    ets.insert(b, { i % 2, i })
    ets.insert(d, { i % 2, i })
  end
  for i = 1, 300, 3 do
    ets.delete_object(b, { i % 2, i })
  end
  expect("200", #ets.tab2list(b))
  for i = 300, 1, -1 do
    ets.insert(b, { i % 2, i })
    ets.insert(b, { i % 2, i })
    ets.insert(d, { i % 2, i })
  end
  expect("300", #ets.tab2list(b))
  expect("600", #ets.tab2list(d))
  expect("150", #ets.lookup(b, 0))
  ets.delete(b, 0)
  expect("{}", ets.lookup(b, 0))
  expect("150", #ets.lookup(b, 1))
  ets.delete_all_objects(b)
  ets.insert(b, { 1, 7 })
  expect("{{1, 7}}", ets.tab2list(b))
end)

-- OTP 25: is_reference(ets:new(t, [])), is_reference(atomics:new(1, [])); a named table is known by its atom.
lockstep.scenario("a table is a reference, its name is none", function()
  local t = ets.new("t", {})
  assert(lockstep.is_ref(t) and not lockstep.is_pid(t))
  assert(not lockstep.is_ref(ets.new("named", { "named_table" })))
  assert(lockstep.is_ref(atomics.new(1)))
end)

-- ets.transaction: one step, on what it announces.
local function twice(t, key)
  local n = ets.lookup_element(t, key, 2)
  ets.insert(t, { key, n + 1 })
  return n
end

lockstep.scenario("a transaction is one step", function()
  local t = ets.new("t", { "public" })
  ets.insert(t, { "n", 0 })
  local refs = {}
  for i = 1, 3 do
    local _, ref = lockstep.spawn_monitor(function() ets.transaction(t, { "n" }, twice, t, "n") end)
    refs[i] = ref
  end
  for i = 1, 3 do lockstep.recv_first({ "DOWN", refs[i], lockstep.any, lockstep.any, "normal" }) end
  expect("3", ets.lookup_element(t, "n", 2))
end)

lockstep.scenario("a transaction does what it has announced, and no more", function()
  local t, other = ets.new("t", { "public" }), ets.new("other", { "public" })
  ets.insert(t, { { "a", 1 }, { "b", 2 } })
  local function look(key) return ets.lookup_element(t, key, 2) end
  local function inside(touched, f, ...) return ets.transaction(t, touched, f, ...) end
  local function refused(what, touched, f, ...)
    local good, e = pcall(ets.transaction, t, touched, f, ...)
    assert(not good and tostring(e):find(what, 1, true), tostring(e))
  end
  expect("1", inside({ read = { "a" } }, look, "a"))
  expect("2", inside({ read = "all" }, look, "b"))
  expect("{2, 2}", inside({ write = "all" }, function() return { #ets.tab2list(t), ets.info(t, "size") } end))
  expect("1", inside({ "a" }, inside, { "a" }, look, "a"))
  refused("has not announced that it would read", { "a" }, look, "b")
  refused("has not announced that it would write", { read = { "a" } }, ets.insert, t, { "a", 3 })
  refused("has not announced that it would read", { "a" }, ets.tab2list, t)
  refused("has not announced that it would write", { write = "all" }, ets.insert, other, { "a", 3 })
  refused("has not announced that it would write", { "a" }, inside, { "a", "b" }, look, "b")
  refused("'send' may not be called in a transaction", { "a" }, lockstep.send, lockstep.self(), 1)
  refused("'recv' may not be called in a transaction", { "a" }, lockstep.recv, 0)
  refused("may not be called in a transaction", { "a" }, lockstep.choose, 2)
  refused("may not be called in a transaction", { "a" }, lockstep.spawn, look)
  -- What was done before an error stays, and the next operation is an ordinary one again.
  refused("stop", { "a" }, function()
    ets.insert(t, { "a", 5 })
    error("stop")
  end)
  expect("5", look("a"))
  ets.insert(other, { "a", 3 })
  fails("bad argument #3", ets.transaction, t, { "a" })
  fails("bad argument #2", ets.transaction, t, "a", look)
end)

lockstep.scenario("a predicate may look by a transaction", function()
  local t = ets.new("t", { "public" })
  ets.insert(t, { "a", 1 })
  lockstep.invariant("positive", function()
    return ets.transaction(t, { read = { "a" } }, function() return ets.lookup_element(t, "a", 2) > 0 end)
  end)
  ets.insert(t, { "a", 2 })
end)
