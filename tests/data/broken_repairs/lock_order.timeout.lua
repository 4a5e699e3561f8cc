-- Broken repair of bugs/lock_order.lua: the second lock is asked for later, still in the other order.
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

local function transfer(source, target, parent)
  acquire(source)
  lockstep.sleep(10)
  acquire(target)
  release(target)
  release(source)
  lockstep.send(parent, "done")
end

lockstep.scenario("lock order", function()
  local a, b = lockstep.spawn(lock), lockstep.spawn(lock)
  lockstep.spawn(transfer, a, b, lockstep.self())
  lockstep.spawn(transfer, b, a, lockstep.self())
  lockstep.recv_first("done")
  lockstep.recv_first("done")
end)
