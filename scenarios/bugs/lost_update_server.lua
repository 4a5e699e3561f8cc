-- Two clients add one to a number kept by a server. Reading and writing are two calls, so both may read before either
-- writes, and one addition is lost.
-- Class: lost update
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"

local function serve(value)
  while true do
    local request, from, argument = table.unpack(lockstep.recv())
    if request == "get" then
      lockstep.send(from, value)
    else
      value = argument
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
