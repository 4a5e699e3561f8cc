-- Broken repair of bugs/lost_update_server.lua: the server refuses to go back, but both clients write the same number.
local lockstep = require "lockstep"

local function serve(value)
  while true do
    local request, from, argument = table.unpack(lockstep.recv())
    if request == "get" then
      lockstep.send(from, value)
    else
      value = math.max(value, argument)
      lockstep.send(from, "ok")
    end
  end
end

local function call(server, request, argument)
  lockstep.send(server, { request, lockstep.self(), argument })
  return lockstep.recv()
end

local function increment(server, parent)
  local value = call(server, "get")
  call(server, "put", value + 1)
  lockstep.send(parent, "done")
end

lockstep.scenario("lost update by server call", function()
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
