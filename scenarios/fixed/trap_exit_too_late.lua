-- The repair of bugs/trap_exit_too_late.lua: set the flag before there is anything to be told of.
-- Class: initialisation order (trap_exit)
local lockstep = require "lockstep"

local function worker()
  lockstep.exit("no connection")
end

local function pool(parent)
  lockstep.flag("trap_exit", true)
  local pid = lockstep.spawn_link(worker)
  local reason = lockstep.recv_first({ "EXIT", pid, lockstep.any })[3]
  lockstep.send(parent, { "worker failed", reason })
end

lockstep.scenario("trap_exit too late, repaired", function()
  local _, ref = lockstep.spawn_monitor(pool, lockstep.self())
  local message = lockstep.recv()
  assert(message[1] == "worker failed", "the pool is gone: " .. tostring(message[5]))
  lockstep.demonitor(ref, { flush = true })
end)
