-- A pool links to its worker and then asks to be told of exits. A worker that fails before the flag is set takes the pool
-- with it.
-- Class: initialisation order (trap_exit)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"

local function worker()
  lockstep.exit("no connection")
end

local function pool(parent)
  local pid = lockstep.spawn_link(worker)
  lockstep.flag("trap_exit", true)
  local reason = lockstep.recv_first({ "EXIT", pid, lockstep.any })[3]
  lockstep.send(parent, { "worker failed", reason })
end

lockstep.scenario("trap_exit too late", function()
  local _, ref = lockstep.spawn_monitor(pool, lockstep.self())
  local message = lockstep.recv()
  assert(message[1] == "worker failed", "the pool is gone: " .. tostring(message[5]))
  lockstep.demonitor(ref, { flush = true })
end)
