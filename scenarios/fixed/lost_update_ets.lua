-- The repair of bugs/lost_update_ets.lua: update_counter reads and writes in one operation.
-- Class: lost update
local lockstep = require "lockstep"
local ets = require "lockstep.ets"

local function visit(visits, parent)
  ets.update_counter(visits, "home", 1)
  lockstep.send(parent, "done")
end

lockstep.scenario("lost update by ets, repaired", function()
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
