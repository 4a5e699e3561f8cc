-- A string of a gigabyte, inside a pcall: more than an execution may use (--max-memory, 256M by default).
-- Outcome: memory_bound
local lockstep = require "lockstep"

lockstep.scenario("memory bound", function()
  pcall(string.rep, "x", 1 << 30)
end)
