-- A cache process is started when it is first needed: if nobody has the name, spawn one, which registers itself. Two
-- first users start two, and the second fails to register.
-- Class: double start
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"

local function cache()
  lockstep.register("cache", lockstep.self())
  while true do
    local from, key = table.unpack(lockstep.recv())
    lockstep.send(from, "value of " .. key)
  end
end

local function ensure_started()
  return lockstep.whereis("cache") or lockstep.spawn(cache)
end

local function user(parent)
  lockstep.send(ensure_started(), { lockstep.self(), "key" })
  lockstep.send(parent, lockstep.recv())
end

lockstep.scenario("double start", function()
  for _ = 1, 2 do
    lockstep.spawn(user, lockstep.self())
  end
  for _ = 1, 2 do
    assert(lockstep.recv() == "value of key")
  end
end)
