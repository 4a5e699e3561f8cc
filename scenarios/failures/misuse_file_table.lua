-- Collects in a file-level table, which all processes would share unseen.
-- Outcome: misuse
-- Exit code: 3
local lockstep = require "lockstep"

local seen = {}

local function note(parent)
  seen[#seen + 1] = "visited"
  lockstep.send(parent, "done")
end

lockstep.scenario("write to a file-level table", function()
  lockstep.spawn(note, lockstep.self())
  lockstep.recv()
end)
