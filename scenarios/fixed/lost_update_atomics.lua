-- The repair of bugs/lost_update_atomics.lua: add_get is one operation.
-- Class: lost update
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

local function hit(window, parent)
  atomics.add_get(window, 1, 1)
  lockstep.send(parent, "done")
end

lockstep.scenario("lost update by atomics, repaired", function()
  local window = atomics.new(1, {})
  for _ = 1, 2 do
    lockstep.spawn(hit, window, lockstep.self())
  end
  for _ = 1, 2 do
    lockstep.recv()
  end
  local hits = atomics.get(window, 1)
  assert(hits == 2, "expected 2 hits, got " .. hits)
end)
