-- Two processes perform one operation each, which ones is chosen; the outcome is everything that can be seen of it. Run by
-- shared_state_test.cpp, which checks that operations called independent have one outcome.
-- Run by: tests/vm/shared_state_test.cpp
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local atomics = require "lockstep.atomics"
local persistent_term = require "lockstep.persistent_term"

local function show(v)
  if type(v) ~= "table" then
    return type(v) == "userdata" and "light" or tostring(v)
  end
  local parts = {}
  for i = 1, #v do
    parts[i] = show(v[i])
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

local operations = {}
local function operation(f)
  operations[#operations + 1] = f
end
for _, t in ipairs({ "o", "b", "tid" }) do
  operation(function(e) return ets.insert(e[t], { 1, "x" }) end)
  operation(function(e) return ets.insert(e[t], { 1.0, "y" }) end)
  operation(function(e) return ets.insert(e[t], { { 2, "x" }, { 3, "x" } }) end)
  operation(function(e) return ets.insert_new(e[t], { 4, "x" }) end)
  operation(function(e) return ets.lookup(e[t], 1) end)
  operation(function(e) return ets.member(e[t], 4) end)
  operation(function(e) return ets.take(e[t], 1) end)
  operation(function(e) return ets.delete(e[t], 2) end)
  operation(function(e) return ets.update_counter(e[t], 2, { 3, 1 }) end)
  operation(function(e) return ets.update_counter(e[t], 4, { 3, 1 }, { 0, 0, 0 }) end)
  operation(function(e) return ets.update_element(e[t], 2, { 2, "z" }) end)
  operation(function(e) return ets.first(e[t]) end)
  operation(function(e) return ets.next(e[t], 1) end)
  operation(function(e) return ets.tab2list(e[t]) end)
  operation(function(e) return ets.match(e[t], { 1, "$1" }) end)
  operation(function(e) return ets.match(e[t], { "$1", "x" }) end)
  operation(function(e) return ets.select_delete(e[t], { { { 2, "_", "_" }, {}, { true } } }) end)
  operation(function(e) return ets.match_delete(e[t], { "_", "x" }) end)
  operation(function(e) return ets.delete_all_objects(e[t]) end)
  operation(function(e) return ets.info(e[t], "size") end)
  operation(function(e) return ets.info(e[t], "name") end)
  operation(function(e) return ets.delete(e[t]) end)
  operation(function(e) return ets.safe_fixtable(e[t], true) end)
end
operation(function() return ets.insert("named", { 1, "n" }) end)
operation(function() return ets.lookup("other", 1) end)
operation(function() return ets.rename("named", "other") end)
operation(function() return ets.whereis("named") ~= nil end)
operation(function() return ets.new("other", { "named_table" }) end)
operation(function() return #ets.all() end)
operation(function(e) return atomics.add(e.a, 1, 2) end)
operation(function(e) return atomics.sub(e.a, 1, 1) end)
operation(function(e) return atomics.get(e.a, 1) end)
operation(function(e) return atomics.put(e.a, 2, 5) end)
operation(function(e) return atomics.exchange(e.a, 2, 7) end)
operation(function(e) return atomics.add_get(e.a, 1, 1) end)
operation(function() return persistent_term.put("k", 1) end)
operation(function() return persistent_term.put("l", 1) end)
operation(function() return persistent_term.get("k", "none") end)
operation(function() return persistent_term.get() end)
operation(function() return persistent_term.erase("k") end)

local function perform(name, which, env, main)
  local good, result = pcall(operations[which], env)
  if not good then
    result = type(result) == "table" and result.reason or result
  end
  lockstep.send(main, { name, show(result) })
  lockstep.recv_first("never")  -- its end, which takes its tables along, is no part of this
end

lockstep.scenario("two operations", function()
  local first, second = lockstep.choose(#operations), lockstep.choose(#operations)
  local env = {

    o = ets.new("o", { "public", "ordered_set" }),
    b = ets.new("b", { "public", "bag" }),
    a = atomics.new(2),
  }
  ets.new("named", { "public", "named_table" })
  env.tid = ets.whereis("named")
  for _, t in pairs({ env.o, env.b, "named" }) do
    ets.insert(t, { { 1, "a" }, { 2, "b", 0 } })
  end
  local main = lockstep.self()
  lockstep.spawn(perform, "p", first, env, main)
  lockstep.spawn(perform, "q", second, env, main)
  local seen = {}
  for _, name in ipairs({ "p", "q" }) do
    seen[#seen + 1] = lockstep.recv_first({ name, lockstep.any })[2]
  end
  for _, t in ipairs({ env.o, env.b, env.tid, "named", "other" }) do
    local good, objects = pcall(ets.tab2list, t)
    seen[#seen + 1] = good and objects or "gone"
    good, objects = pcall(ets.next, t, 1)
    seen[#seen + 1] = good and objects or "unknown"
  end
  seen[#seen + 1] = { atomics.get(env.a, 1), atomics.get(env.a, 2) }
  seen[#seen + 1] = persistent_term.get()
  error(show(seen), 0)
end)
