-- The repair of bugs/monitor_exit.lua: spawn_monitor starts and monitors in one operation.
-- Class: monitor against exit
local lockstep = require "lockstep"

local function worker()
  lockstep.exit({ "result", 42 })
end

lockstep.scenario("monitor against exit, repaired", { crashes = "allow" }, function()
  local pid, ref = lockstep.spawn_monitor(worker)
  local reason = lockstep.recv_first({ "DOWN", ref, "process", pid, lockstep.any })[5]
  assert(type(reason) == "table" and reason[2] == 42, "the worker's result is lost: " .. tostring(reason))
end)
