-- Broken repair of bugs/lost_update_ets.lua: it looks again before it writes, and between the look and the write
-- there is room for the other one all the same.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"

local function visit(visits, parent)
  local n = ets.lookup_element(visits, "home", 2)
  while ets.lookup_element(visits, "home", 2) ~= n do
    n = ets.lookup_element(visits, "home", 2)
  end
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
