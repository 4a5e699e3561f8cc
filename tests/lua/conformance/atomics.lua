-- Conformance cases of area atomics, one scenario each, named by its id (INDEX.md).
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"
local counters = require "lockstep.counters"
local support = require "support"

local expect, raised, badarg = support.expect, support.raised, support.badarg
local scenario = lockstep.scenario
local unsigned = { { "signed", false } }

scenario("atomics-cas", function()
  local r = atomics.new(1, {})
  atomics.put(r, 1, 10)
  local cas = atomics.compare_exchange
  expect({ "ok", 20, 20, "ok" }, { cas(r, 1, 10, 20), cas(r, 1, 10, 30), atomics.get(r, 1), cas(r, 1, 20, 20) })
end)

-- By design: an unsigned value is a Lua integer modulo 2^64, and atomics.unsigned gives its digits.
scenario("atomics-unsigned-wrap", function()
  local r = atomics.new(1, unsigned)
  local a = atomics.sub_get(r, 1, 1)
  local b = atomics.add_get(r, 1, 2)
  atomics.put(r, 1, 0xffffffffffffffff)
  local c = atomics.add_get(r, 1, 1)
  expect({ "18446744073709551615", 1, 0 }, { atomics.unsigned(a), b, c })
end)

-- By design: 2^63 and beyond are floats in Lua, and -1 is the unsigned value 2^64 - 1.
scenario("atomics-put-range", function()
  local s, u = atomics.new(1, { { "signed", true } }), atomics.new(1, unsigned)
  local function put(r, v)
    return raised(atomics.put, r, 1, v)
  end
  expect({ badarg, badarg, badarg, "ok", badarg, badarg },
    { put(s, 2 ^ 63), put(s, -(2 ^ 63) - 1), put(u, 2 ^ 64), put(u, math.mininteger), put(s, 1.0), put(s, "foo") })
  expect("9223372036854775808", atomics.unsigned(atomics.get(u, 1)))
end)

scenario("atomics-index", function()
  local r = atomics.new(2, {})
  local function get(i)
    return raised(atomics.get, r, i)
  end
  expect({ badarg, badarg, badarg, badarg, badarg, 0 },
    { get(0), get(3), get(-1), get(1.0), raised(atomics.put, r, 3, 1), get(2) })
end)

scenario("atomics-new-errors", function()
  expect({ badarg, badarg, badarg, badarg }, { raised(atomics.new, 0, {}), raised(atomics.new, -1, {}),
    raised(atomics.new, 1, { "bogus" }), raised(atomics.new, "foo", {}) })
end)

-- By design: the greatest unsigned value is the Lua integer -1.
scenario("atomics-info", function()
  local function limits(r)
    local info = atomics.info(r)
    return { info.size, info.min, info.max }
  end
  expect({ { 3, math.mininteger, math.maxinteger }, { 2, 0, -1 } },
    { limits(atomics.new(3, {})), limits(atomics.new(2, unsigned)) })
  expect("18446744073709551615", atomics.unsigned(atomics.info(atomics.new(2, unsigned)).max))
end)

scenario("atomics-bad-ref", function()
  expect({ badarg, badarg }, { raised(atomics.get, lockstep.make_ref(), 1), raised(atomics.get, "foo", 1) })
end)

scenario("counters-basic", function()
  local c = counters.new(2, { "atomics" })
  expect({ "ok", "ok", 3, "ok", 9, 2, badarg, badarg }, { counters.add(c, 1, 5), counters.sub(c, 1, 2), counters.get(c, 1),
    counters.put(c, 2, 9), counters.get(c, 2), counters.info(c).size, raised(counters.get, c, 3), raised(counters.get, c, 0) })
end)

scenario("counters-wrap", function()
  local c = counters.new(1, { "atomics" })
  counters.put(c, 1, math.maxinteger)
  counters.add(c, 1, 1)
  local a = counters.get(c, 1)
  counters.sub(c, 1, 1)
  expect({ math.mininteger, math.maxinteger, badarg, badarg },
    { a, counters.get(c, 1), raised(counters.new, 0, {}), raised(counters.new, 1, { "bogus" }) })
end)

scenario("counters-write-concurrency", function()
  local c = counters.new(1, { "write_concurrency" })
  local workers = {}
  for i = 1, 4 do
    workers[i] = lockstep.spawn(function()
      for _ = 1, 200 do
        counters.add(c, 1, 1)
      end
    end)
  end
  for i = 1, 4 do
    support.await_down(workers[i])
  end
  expect(800, counters.get(c, 1))
end)

scenario("atomics-exchange-range", function()
  local r = atomics.new(1, {})
  atomics.put(r, 1, 3)
  expect({ badarg, 3 }, { raised(atomics.exchange, r, 1, 2 ^ 63), atomics.get(r, 1) })
end)

-- ---- programs with several outcomes ----

support.nondet("nd-atomics-exchange", { { 0, 1, 2 }, { 2, 0, 1 } }, function()
  local main = lockstep.self()
  local r = atomics.new(1, {})
  for name, v in pairs({ p = 1, q = 2 }) do
    lockstep.spawn(function()
      lockstep.send(main, { name, atomics.exchange(r, 1, v) })
    end)
  end
  local a = lockstep.recv_first({ "p", lockstep.any })[2]
  local b = lockstep.recv_first({ "q", lockstep.any })[2]
  return { a, b, atomics.get(r, 1) }
end)

support.nondet("nd-atomics-double-swap", { { 1, 1 }, { 1, 2 }, { 2, 1 }, { 2, 2 } }, function()
  local main = lockstep.self()
  local r = atomics.new(2, {})
  atomics.put(r, 1, 1)
  atomics.put(r, 2, 2)
  for _ = 1, 2 do
    lockstep.spawn(function()
      local a = atomics.get(r, 1)
      local b = atomics.get(r, 2)
      atomics.put(r, 1, b)
      atomics.put(r, 2, a)
      lockstep.send(main, "done")
    end)
  end
  lockstep.recv()
  lockstep.recv()
  return { atomics.get(r, 1), atomics.get(r, 2) }
end)
