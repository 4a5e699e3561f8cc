-- Conformance cases of area persistent_term, one scenario each, named by its id (INDEX.md).
local lockstep = require "lockstep"
local persistent_term = require "lockstep.persistent_term"
local support = require "support"

local expect, raised, badarg = support.expect, support.raised, support.badarg
local scenario, put, get, erase = lockstep.scenario, persistent_term.put, persistent_term.get, persistent_term.erase

scenario("pterm-missing", function()
  expect({ badarg, "dflt" }, { raised(get, "pt_none"), get("pt_none", "dflt") })
end)

scenario("pterm-survives-process", function()
  local p = lockstep.spawn(function()
    put("pt_b", { "v", 1 })
  end)
  support.await_down(p)
  local d = support.doer()
  expect({ { "v", 1 }, { "v", 1 } }, { get("pt_b"), support.ask(d, function() return get("pt_b") end) })
end)

scenario("pterm-isolation", function()
  local v = { n = 1 }
  put("pt_c", v)
  v.n = 2
  local a = get("pt_c").n
  local x = get("pt_c")
  put("pt_c", { n = 5 })
  local b = x.n
  erase("pt_c")
  expect({ 1, 1, 1 }, { a, b, x.n })
end)

scenario("pterm-concurrent-last", function()
  local workers = {}
  for i = 1, 5 do
    workers[i] = lockstep.spawn(function()
      put("pt_f", { i, i, i })
    end)
  end
  local function whole(v)
    return #v == 3 and v[1] == v[2] and v[2] == v[3] and v[1] >= 1 and v[1] <= 5
  end
  for _ = 1, 20 do
    local v = get("pt_f", "none")
    assert(v == "none" or whole(v))
  end
  for i = 1, 5 do
    support.await_down(workers[i])
  end
  assert(whole(get("pt_f")))
end)

support.nondet("nd-pterm-put-race", { { "a", "a" }, { "a", "b" }, { "b", "a" }, { "b", "b" }, { "none", "a" },
  { "none", "b" } }, function()
  local main = lockstep.self()
  for _, v in ipairs({ "a", "b" }) do
    lockstep.spawn(function()
      put("pt_r", v)
      lockstep.send(main, "done")
    end)
  end
  local r = get("pt_r", "none")
  lockstep.recv()
  lockstep.recv()
  return { r, get("pt_r") }
end)
