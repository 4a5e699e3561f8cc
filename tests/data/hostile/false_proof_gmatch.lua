-- An iterator made at file level would be shared by all processes, unseen; most schedules fail.
local lockstep = require "lockstep"
local it = string.gmatch("1 2", "%d")
lockstep.scenario("tickets", function()
  local main = lockstep.self()
  local function client(name)
    lockstep.yield()
    local mine = it()
    lockstep.yield()
    lockstep.send(main, { name, mine })
  end
  lockstep.spawn(client, "a")
  lockstep.spawn(client, "b")
  local a = lockstep.recv_first({ "a", lockstep.any })
  lockstep.recv_first({ "b", lockstep.any })
  assert(a[2] == "2", "a got " .. a[2])
end)
