-- A coordinator sends the configuration through a relay and then starts the worker directly. Nothing is promised about
-- the order of messages from different senders: the start may come first.
-- Class: message order (two paths)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"

local function relay(worker)
  lockstep.send(worker, lockstep.recv())
end

local function worker(parent)
  local rate
  while true do
    local kind, value = table.unpack(lockstep.recv())
    if kind == "config" then
      rate = value
    else
      lockstep.send(parent, rate or "not configured")
      return
    end
  end
end

lockstep.scenario("relay overtaken", function()
  local target = lockstep.spawn(worker, lockstep.self())
  local path = lockstep.spawn(relay, target)
  lockstep.send(path, { "config", 10 })
  lockstep.send(target, { "start" })
  local rate = lockstep.recv()
  assert(rate == 10, "the worker started with rate: " .. rate)
end)
