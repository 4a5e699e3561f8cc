-- Shared through a list of 150 nodes at file level.
local lockstep = require "lockstep"
local list
for i = 1, 150 do list = { next = list, v = 0 } end
local function it() local l = list while l.next do l = l.next end l.v = l.v + 1 return tostring(l.v) end
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
