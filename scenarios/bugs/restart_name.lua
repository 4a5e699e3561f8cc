-- A supervisor kills a worker and starts the next one under the same name at once. The kill is a signal: the old worker
-- may still hold the name, and the registration fails.
-- Class: restart race (name not yet free)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"

local function worker()
  lockstep.recv_first("never")
end

local function start()
  local pid = lockstep.spawn(worker)
  lockstep.register("worker", pid)
  return pid
end

lockstep.scenario("restart under the same name", function()
  local old = start()
  lockstep.exit(old, "kill")
  start()
end)
