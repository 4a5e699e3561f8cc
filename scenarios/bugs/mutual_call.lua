-- Two servers answer requests, and each asks the other while it answers one. If both are asked at the same time, each
-- waits for the other's answer, and neither looks at the other's request.
-- Class: deadlock (circular call)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"

local function is_call(message)
  return message[1] == "call"
end

local function call(server, request)
  local tag = lockstep.make_ref()
  lockstep.send(server, { "call", lockstep.self(), tag, request })
  return lockstep.recv_first({ tag, lockstep.any })[2]
end

local function server()
  local other = lockstep.recv_first({ "peer", lockstep.any })[2]
  while true do
    local _, from, tag, request = table.unpack(lockstep.recv_first(is_call))
    if request == "total" then
      lockstep.send(from, { tag, 1 + call(other, "part") })
    else
      lockstep.send(from, { tag, 1 })
    end
  end
end

local function client(target, parent)
  lockstep.send(parent, { "total", call(target, "total") })
end

lockstep.scenario("two servers call each other", function()
  local left, right = lockstep.spawn(server), lockstep.spawn(server)
  lockstep.send(left, { "peer", right })
  lockstep.send(right, { "peer", left })
  lockstep.spawn(client, left, lockstep.self())
  lockstep.spawn(client, right, lockstep.self())
  for _ = 1, 2 do
    assert(lockstep.recv()[2] == 2)
  end
end)
