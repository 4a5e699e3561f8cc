-- Broken repair of bugs/double_start.lua: the user waits a moment for somebody else to start it; so does the other.
local lockstep = require "lockstep"

local function cache()
  lockstep.register("cache", lockstep.self())
  while true do
    local from, key = table.unpack(lockstep.recv())
    lockstep.send(from, "value of " .. key)
  end
end

local function ensure_started()
  if lockstep.whereis("cache") then
    return lockstep.whereis("cache")
  end
  lockstep.sleep(1)
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
