-- Broken repair of bugs/stale_cache.lua: the entry is dropped before the store has the new value, and not after.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"

local function store(value)
  while true do
    local request, from, argument = table.unpack(lockstep.recv())
    if request == "put" then
      value = argument
    end
    lockstep.send(from, value)
  end
end

local function call(server, request, argument)
  lockstep.send(server, { request, lockstep.self(), argument })
  return lockstep.recv()
end

local function read(cache, server)
  local entry = ets.lookup(cache, "key")[1]
  if entry then
    return entry[2]
  end
  local value = call(server, "get")
  ets.insert(cache, { "key", value })
  return value
end

local function write(cache, server, value)
  ets.delete(cache, "key")
  call(server, "put", value)
end

local function reader(cache, server, parent)
  read(cache, server)
  lockstep.send(parent, "done")
end

local function writer(cache, server, parent)
  write(cache, server, "new")
  lockstep.send(parent, "done")
end

lockstep.scenario("stale cache", function()
  local cache = ets.new("cache", { "set", "public" })
  local server = lockstep.spawn(store, "old")
  lockstep.spawn(reader, cache, server, lockstep.self())
  lockstep.spawn(writer, cache, server, lockstep.self())
  lockstep.recv()
  lockstep.recv()
  local value = read(cache, server)
  assert(value == "new", "the store holds new, the cache answers " .. value)
end)
