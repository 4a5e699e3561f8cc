-- The repair of bugs/lost_update_server.lua: the server adds, so reading and writing are one request.
-- Class: lost update
local lockstep = require "lockstep"

local function serve(value)
  while true do
    local request, from, argument = table.unpack(lockstep.recv())
    if request == "add" then
      value = value + argument
    end
    lockstep.send(from, value)
  end
end

local function call(server, request, argument)
  lockstep.send(server, { request, lockstep.self(), argument })
  return lockstep.recv()
end

local function increment(server, parent)
  call(server, "add", 1)
  lockstep.send(parent, "done")
end

lockstep.scenario("lost update by server call, repaired", function()
  local server = lockstep.spawn(serve, 0)
  for _ = 1, 2 do
    lockstep.spawn(increment, server, lockstep.self())
  end
  for _ = 1, 2 do
    lockstep.recv()
  end
  local value = call(server, "get")
  assert(value == 2, "expected 2, got " .. value)
end)
