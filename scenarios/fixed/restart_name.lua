-- The repair of bugs/restart_name.lua: wait for the old worker's end, when its name is free.
-- Class: restart race (name not yet free)
local lockstep = require "lockstep"

local function worker()
  lockstep.recv_first("never")
end

local function start()
  local pid = lockstep.spawn(worker)
  lockstep.register("worker", pid)
  return pid
end

lockstep.scenario("restart under the same name, repaired", function()
  local old = start()
  local ref = lockstep.monitor(old)
  lockstep.exit(old, "kill")
  lockstep.recv_first({ "DOWN", ref, "process", old, lockstep.any })
  start()
end)
