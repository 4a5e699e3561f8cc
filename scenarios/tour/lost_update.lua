-- Two processes add one to a counter. Each reads it, then writes back one more. If both read before either writes, one
-- update is lost: most schedules pass, some do not.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"

lockstep.scenario("lost update", function()
  local counter = ets.new("counter", { "set", "public" })
  ets.insert(counter, { "n", 0 })

  local function increment(parent)
    local n = ets.lookup_element(counter, "n", 2)
    ets.insert(counter, { "n", n + 1 })
    lockstep.send(parent, "done")
  end

  lockstep.spawn(increment, lockstep.self())
  lockstep.spawn(increment, lockstep.self())
  lockstep.recv()
  lockstep.recv()

  local n = ets.lookup_element(counter, "n", 2)
  assert(n == 2, "expected 2, got " .. n)
end)
