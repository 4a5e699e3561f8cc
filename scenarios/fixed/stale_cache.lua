-- The repair of bugs/stale_cache.lua: only the server writes to the cache, in the same order as to its store.
-- Class: stale cache (fill after invalidation)
local lockstep = require "lockstep"
local ets = require "lockstep.ets"

local function store(cache, value)
  while true do
    local request, from, argument = table.unpack(lockstep.recv())
    if request == "put" then
      value = argument
    end
    ets.insert(cache, { "key", value })
    lockstep.send(from, value)
  end
end

local function call(server, request, argument)
  lockstep.send(server, { request, lockstep.self(), argument })
  return lockstep.recv()
end

local function read(cache, server)
  local entry = ets.lookup(cache, "key")[1]
  return entry and entry[2] or call(server, "get")
end

local function reader(cache, server, parent)
  read(cache, server)
  lockstep.send(parent, "done")
end

local function writer(_, server, parent)
  call(server, "put", "new")
  lockstep.send(parent, "done")
end

lockstep.scenario("stale cache, repaired", function()
  local cache = ets.new("cache", { "set", "public" })
  local server = lockstep.spawn(store, cache, "old")
  lockstep.spawn(reader, cache, server, lockstep.self())
  lockstep.spawn(writer, cache, server, lockstep.self())
  lockstep.recv()
  lockstep.recv()
  local value = read(cache, server)
  assert(value == "new", "the store holds new, the cache answers " .. value)
end)
