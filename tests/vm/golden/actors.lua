-- Small actor programs whose numbers of classes are published for another checker; proof_test.cpp has
-- the numbers, and where ours differ, why. All run on after their root (drain).
local lockstep = require "lockstep"
local spawn, send, recv, recv_first, self =
  lockstep.spawn, lockstep.send, lockstep.recv, lockstep.recv_first, lockstep.self
local any = lockstep.any

local function program(name, body)
  lockstep.scenario(name, { drain = true, crashes = "allow" }, body)
end

program("indifferent_senders", function()
  local main = self()
  for i = 1, 3 do
    spawn(function()
      send(main, "m" .. i)
    end)
  end
  for i = 1, 3 do
    recv_first("m" .. i)
  end
end)

program("independent_receivers", function()
  local main = self()
  for _ = 1, 2 do
    local receiver = spawn(function()
      recv()
      send(main, "ok")
    end)
    spawn(function()
      send(receiver, "go")
    end)
  end
  recv()
  recv()
end)

program("same_messages", function()
  local main = self()
  for _ = 1, 2 do
    spawn(function()
      send(main, "same")
    end)
  end
  recv()
  recv()
end)

program("same_messages_2", function()
  local main = self()
  for _, what in ipairs({ "a", "b" }) do
    spawn(function()
      send(main, "unlock")
      send(main, what)
    end)
  end
  recv_first("unlock")
  recv_first(function(m)
    return m == "a" or m == "b"
  end)
end)

program("messages_1", function()
  local main = self()
  spawn(function()
    for _, m in ipairs({ "special", "a", "c" }) do
      send(main, m)
    end
  end)
  recv_first("special", 0)
end)

program("receive_order", function()
  local main = self()
  spawn(function()
    send(main, "a")
  end)
  spawn(function()
    send(main, "b")
  end)
  recv_first("a")
  recv()
end)

program("proxy", function()
  local main = self()
  local to = main
  for _ = 1, 20 do
    local next_one = to
    to = spawn(function()
      send(next_one, (recv()))
    end)
  end
  send(to, "through")
  spawn(function()
    send(main, "direct")
  end)
  recv()
  recv()
end)

program("monitor_plain", function()
  local p, ref = lockstep.spawn_monitor(function() end)
  local down = recv_first({ "DOWN", ref, "process", p, any }, 0)
  if not down then
    lockstep.demonitor(ref)
  end
end)

program("after_poll", function()
  local main = self()
  spawn(function()
    send(main, "ok")
  end)
  for _ = 1, 5 do
    if recv(0) == "ok" then
      break
    end
  end
end)
