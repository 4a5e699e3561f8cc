-- Counts in a file-level local, which all processes would share unseen.
-- Outcome: misuse
-- Exit code: 3
local lockstep = require "lockstep"

local total = 0

local function add(parent)
  total = total + 1
  lockstep.send(parent, "done")
end

lockstep.scenario("write to a file-level local", function()
  lockstep.spawn(add, lockstep.self())
  lockstep.recv()
end)
