-- The file-level variable is back when the execution ends, but many schedules fail.
local lockstep = require "lockstep"
local depth = 0
lockstep.scenario("re-entrancy counter", function()
  local main = lockstep.self()
  local function client(name)
    lockstep.yield()
    depth = depth + 1
    local seen = depth
    lockstep.yield()
    depth = depth - 1
    lockstep.send(main, { name, seen })
  end
  lockstep.spawn(client, "a")
  lockstep.spawn(client, "b")
  local a = lockstep.recv_first({ "a", lockstep.any })
  lockstep.recv_first({ "b", lockstep.any })
  assert(a[2] == 1, "a saw " .. a[2])
end)
