-- Two processes count hits in an atomic, but with get and put instead of add: the lost update that Hammer 7 had in
-- Atomic.FixWindow.inc, beside a hit that did it right.
-- Class: lost update
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

local function hit(window, parent)
  atomics.put(window, 1, atomics.get(window, 1) + 1)
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
