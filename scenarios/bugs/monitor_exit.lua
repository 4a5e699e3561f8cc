-- A parent starts a worker, then monitors it to learn how it ended. If the worker is done before the monitor is set, the
-- reason is lost: the notice says noproc.
-- Class: monitor against exit
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"

local function worker()
  lockstep.exit({ "result", 42 })
end

lockstep.scenario("monitor against exit", { crashes = "allow" }, function()
  local pid = lockstep.spawn(worker)
  local ref = lockstep.monitor(pid)
  local reason = lockstep.recv_first({ "DOWN", ref, "process", pid, lockstep.any })[5]
  assert(type(reason) == "table" and reason[2] == 42, "the worker's result is lost: " .. tostring(reason))
end)
