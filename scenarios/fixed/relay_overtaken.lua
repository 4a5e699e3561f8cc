-- The repair of bugs/relay_overtaken.lua: the start takes the same path as the configuration.
-- Class: message order (two paths)
local lockstep = require "lockstep"

local function relay(worker)
  while true do
    lockstep.send(worker, lockstep.recv())
  end
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

lockstep.scenario("relay overtaken, repaired", function()
  local target = lockstep.spawn(worker, lockstep.self())
  local path = lockstep.spawn(relay, target)
  lockstep.send(path, { "config", 10 })
  lockstep.send(path, { "start" })
  local rate = lockstep.recv()
  assert(rate == 10, "the worker started with rate: " .. rate)
end)
