-- An assertion that fails in the root process.
-- Outcome: assertion
local lockstep = require "lockstep"

lockstep.scenario("assertion", function()
  lockstep.spawn(lockstep.send, lockstep.self(), "hello")
  local greeting = lockstep.recv()
  assert(greeting == "goodbye", "expected goodbye, got " .. greeting)
end)
