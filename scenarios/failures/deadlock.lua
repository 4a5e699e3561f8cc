-- Two processes wait for each other's token. The logger waits too, but it is a server that waits for requests, and no
-- part of the deadlock.
-- Outcome: deadlock
local lockstep = require "lockstep"

local function logger()
  while true do
    lockstep.recv()
  end
end

local function partner(root)
  lockstep.recv_first({ "token", root })
  lockstep.send(root, { "token", lockstep.self() })
end

lockstep.scenario("deadlock", function()
  local log = lockstep.spawn(logger)
  lockstep.send(log, "started")
  local pid = lockstep.spawn(partner, lockstep.self())
  lockstep.recv_first({ "token", pid })
  lockstep.send(pid, { "token", lockstep.self() })
end)
