-- The repair of bugs/double_start.lua: the cache that cannot register ends quietly, and its user asks the one that did.
-- Class: double start
local lockstep = require "lockstep"

local function cache(starter)
  local registered = pcall(lockstep.register, "cache", lockstep.self())
  lockstep.send(starter, "started")
  if not registered then
    return
  end
  while true do
    local from, key = table.unpack(lockstep.recv())
    lockstep.send(from, "value of " .. key)
  end
end

local function ensure_started()
  if not lockstep.whereis("cache") then
    lockstep.spawn(cache, lockstep.self())
    lockstep.recv_first("started")
  end
  return lockstep.whereis("cache")
end

local function user(parent)
  lockstep.send(ensure_started(), { lockstep.self(), "key" })
  lockstep.send(parent, lockstep.recv())
end

lockstep.scenario("double start, repaired", function()
  for _ = 1, 2 do
    lockstep.spawn(user, lockstep.self())
  end
  for _ = 1, 2 do
    assert(lockstep.recv() == "value of key")
  end
end)
