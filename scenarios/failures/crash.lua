-- A process that nobody links to, monitors or supervises ends by an error. crashes = "allow" would let it.
-- Outcome: crash
local lockstep = require "lockstep"

local function worker()
  local job = lockstep.recv()
  return job.size * 2
end

lockstep.scenario("crash", function()
  local pid = lockstep.spawn(worker)
  lockstep.send(pid, { name = "no size" })
  lockstep.sleep(10)
end)
