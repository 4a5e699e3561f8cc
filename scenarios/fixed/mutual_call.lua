-- The repair of bugs/mutual_call.lua: a server that needs the other's part has a helper process ask for it.
-- Class: deadlock (circular call)
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
      lockstep.spawn(function()
        lockstep.send(from, { tag, 1 + call(other, "part") })
      end)
    else
      lockstep.send(from, { tag, 1 })
    end
  end
end

local function client(target, parent)
  lockstep.send(parent, { "total", call(target, "total") })
end

lockstep.scenario("two servers call each other, repaired", function()
  local left, right = lockstep.spawn(server), lockstep.spawn(server)
  lockstep.send(left, { "peer", right })
  lockstep.send(right, { "peer", left })
  lockstep.spawn(client, left, lockstep.self())
  lockstep.spawn(client, right, lockstep.self())
  for _ = 1, 2 do
    assert(lockstep.recv()[2] == 2)
  end
end)
