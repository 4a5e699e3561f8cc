-- Two transfers between two accounts lock both, each its own source first. Each may hold one lock and wait for the other.
-- Class: deadlock (lock order)
-- Found by: pos within 50 iterations
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
