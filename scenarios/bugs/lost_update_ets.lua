-- Two processes count visits in a table: look the number up, insert one more. Each call is atomic, the pair is not.
-- Class: lost update
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"
local ets = require "lockstep.ets"

local function visit(visits, parent)
  local n = ets.lookup_element(visits, "home", 2)
  ets.insert(visits, { "home", n + 1 })
  lockstep.send(parent, "done")
end

lockstep.scenario("lost update by ets", function()
  local visits = ets.new("visits", { "set", "public" })
  ets.insert(visits, { "home", 0 })
  for _ = 1, 2 do
    lockstep.spawn(visit, visits, lockstep.self())
  end
  for _ = 1, 2 do
    lockstep.recv()
  end
  local n = ets.lookup_element(visits, "home", 2)
  assert(n == 2, "expected 2 visits, got " .. n)
end)
