-- The repair of bugs/lock_order.lua: all lock in one order, that of the accounts' numbers.
-- Class: deadlock (lock order)
local lockstep = require "lockstep"

local function lock()
  while true do
    local _, owner = table.unpack(lockstep.recv_first({ "acquire", lockstep.any }))
    lockstep.send(owner, { "acquired", lockstep.self() })
    lockstep.recv_first({ "release", owner })
  end
end

local function acquire(which)
  lockstep.send(which, { "acquire", lockstep.self() })
  lockstep.recv_first({ "acquired", which })
end

local function release(which)
  lockstep.send(which, { "release", lockstep.self() })
end

local function transfer(locks, source, target, parent)
  local first, second = math.min(source, target), math.max(source, target)
  acquire(locks[first])
  acquire(locks[second])
  release(locks[second])
  release(locks[first])
  lockstep.send(parent, "done")
end

lockstep.scenario("lock order, repaired", function()
  local locks = { lockstep.spawn(lock), lockstep.spawn(lock) }
  lockstep.spawn(transfer, locks, 1, 2, lockstep.self())
  lockstep.spawn(transfer, locks, 2, 1, lockstep.self())
  lockstep.recv_first("done")
  lockstep.recv_first("done")
end)
