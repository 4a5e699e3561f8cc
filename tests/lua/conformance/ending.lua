-- What happens to signals that reach a process between its end and the moment when all have been told: beam-semantics 2.4.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local h = require "helper"

-- Whoever demonitors or unlinks while the process tells the others takes nothing from them.
lockstep.scenario("a demonitor at the wrong moment costs nobody its DOWN", { delivery = "async" }, function()
  local p = lockstep.spawn(function() lockstep.recv_first "stop" end)
  local main, watchers = lockstep.self(), {}
  for i = 1, 3 do
    watchers[i] = lockstep.spawn(function()
      local ref = lockstep.monitor(p)
      lockstep.send(main, "ready")
      lockstep.recv_first "go"
      if i < 3 then
        lockstep.demonitor(ref, { flush = true })
      else
        lockstep.send(main, { "down", h.down(ref) })
      end
    end)
  end
  for _ = 1, 3 do lockstep.recv_first "ready" end
  for _, watcher in ipairs(watchers) do lockstep.send(watcher, "go") end
  lockstep.send(p, "stop")
  lockstep.recv_first({ "down", lockstep.any })
end)

lockstep.scenario("an unlink at the wrong moment costs nobody its EXIT", { crashes = "allow", delivery = "async" }, function()
  lockstep.flag("trap_exit", true)
  local main = lockstep.self()
  local p = lockstep.spawn(function()
    lockstep.recv_first "stop"
    lockstep.exit "gone"
  end)
  local other = lockstep.spawn(function()
    lockstep.link(p)
    lockstep.send(main, "linked")
    lockstep.recv_first "go"
    lockstep.unlink(p)
  end)
  lockstep.recv_first "linked"
  lockstep.link(p)
  lockstep.send(p, "stop")
  lockstep.send(other, "go")
  h.expect(lockstep.recv_first({ "EXIT", p, lockstep.any })[3], "gone")
end)

-- Signals of one pair keep their order: the answer to a monitor that came too late follows the DOWN that is owed already.
lockstep.scenario("noproc comes after the DOWN of an earlier monitor", function()
  local p = lockstep.spawn(function() lockstep.recv_first "stop" end)
  for _ = 1, 2 do
    lockstep.spawn(function()
      lockstep.monitor(p)
      lockstep.recv()
    end)
  end
  local first = lockstep.monitor(p)
  lockstep.send(p, "stop")
  local second = lockstep.monitor(p)
  local m1, m2 = lockstep.recv_first({ "DOWN", lockstep.any, "process", p, lockstep.any }),
    lockstep.recv_first({ "DOWN", lockstep.any, "process", p, lockstep.any })
  if m2[5] == "noproc" or m1[5] == "noproc" then
    h.expect({ m1[2] == first, m1[5], m2[2] == second, m2[5] }, { true, "normal", true, "noproc" })
  end
end)

-- Whoever learns of the end finds all that it held gone, however much that was.
lockstep.scenario("an owner of three hundred tables", function()
  local main = lockstep.self()
  local p, ref = lockstep.spawn_monitor(function()
    local tables = {}
    for i = 1, 300 do
      tables[i] = ets.new("t" .. i, { "public", i % 100 == 0 and { "heir", main, i } or { "heir", "none" } })
    end
    lockstep.send(main, tables)
    lockstep.recv_first "stop"
  end)
  local tables = lockstep.recv()
  lockstep.send(p, "stop")
  h.down(ref)
  local left = {}
  for i, t in ipairs(tables) do
    if ets.info(t) ~= nil then left[#left + 1] = i end
  end
  h.expect(left, { 100, 200, 300 })
  h.expect(#h.drain(), 3)
end)
