-- A table that grows without end.
-- Outcome: memory_bound
local lockstep = require "lockstep"

lockstep.scenario("memory bound by growth", { max_memory = "32M" }, function()
  local log = {}
  while true do
    log[#log + 1] = { "entry", #log, tostring(#log) }
    if #log % 1000 == 0 then
      lockstep.yield()
    end
  end
end)
