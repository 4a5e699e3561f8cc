-- Broken repair of bugs/lost_update_atomics.lua: a pause before the write only moves the race.
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

local function hit(window, parent)
  local hits = atomics.get(window, 1)
  lockstep.yield()
  atomics.put(window, 1, hits + 1)
  lockstep.send(parent, "done")
end

lockstep.scenario("lost update by atomics", function()
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
