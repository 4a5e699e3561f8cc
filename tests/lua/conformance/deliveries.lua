-- Aliases, patterns, exceptions and process_info: what the behaviours rest on.
local lockstep = require "lockstep"
local h = require "helper"
local any, one_of = lockstep.any, lockstep.one_of

lockstep.scenario("an alias drops what comes after unalias", function()
  local a = lockstep.alias()
  lockstep.send(a, 1)
  h.expect({ lockstep.unalias(a), lockstep.unalias(a) }, { true, false })
  lockstep.send(a, 2)
  h.expect(h.drain(), { 1 })
end)

local function echo()
  return lockstep.spawn(function()
    while true do
      local m = lockstep.recv()
      lockstep.send(m, 1)
      lockstep.send(m, 2)
    end
  end)
end

lockstep.scenario("reply_demonitor lets one message through and ends the monitor", function()
  local p = echo()
  local ref = lockstep.monitor(p, { alias = "reply_demonitor" })
  lockstep.send(p, ref)
  h.expect(h.next(), 1)
  h.sync(p)
  h.expect(lockstep.demonitor(ref, { info = true }), false)
  lockstep.exit(p, "kill")
  h.await_down(p)
  h.expect(h.drain(), {})
end)

lockstep.scenario("demonitor ends an alias of its mode and not another", function()
  for mode, through in pairs { demonitor = 0, explicit_unalias = 2 } do
    local p = echo()
    local ref = lockstep.monitor(p, { alias = mode })
    h.expect(lockstep.demonitor(ref, { info = true }), true)
    lockstep.send(p, ref)
    lockstep.sleep(1)
    h.expect(#h.drain(), through)
  end
end)

lockstep.scenario("one of several patterns", function()
  local me = lockstep.self()
  lockstep.send(me, { "c" })
  lockstep.send(me, { "b", 2 })
  lockstep.send(me, { "a", 1, 1 })
  local either = { one_of, { "a", any, any }, { "b", any } }
  h.expect({ lockstep.recv_first(either), lockstep.recv_first(either), lockstep.recv_first({ one_of, "x", { "c" } }) },
    { { "b", 2 }, { "a", 1, 1 }, { "c" } })
end)

lockstep.scenario("an exception raised again ends the process as if it had not been caught", function()
  local reasons = {}
  for i, again in ipairs { false, true } do
    local p, ref = lockstep.spawn_monitor(function()
      if not again then lockstep.error "boom" end
      local _, e = xpcall(function() lockstep.error "boom" end, lockstep.exception)
      error(e, 0)
    end)
    reasons[i] = h.unstack(h.down(ref))
    h.expect(lockstep.alive(p), false)
  end
  h.expect(reasons, { { "boom", "#stack" }, { "boom", "#stack" } })
end)

lockstep.scenario("process_info", function()
  local me = lockstep.self()
  local p = h.idle()
  lockstep.register("named", p)
  lockstep.link(p)
  lockstep.send(p, "one")
  local ref = lockstep.monitor(p)
  h.expect({ lockstep.process_info(p, "message_queue_len"), lockstep.process_info(p, "messages"),
    lockstep.process_info(p, "links"), lockstep.process_info(p, "registered_name"), lockstep.process_info(p, "monitored_by"),
    lockstep.process_info(p, "trap_exit"), lockstep.process_info(me, "monitors") },
    { 1, { "one" }, { me }, "named", { me }, false, { { "process", p } } })
  lockstep.unlink(p)
  lockstep.exit(p, "kill")
  h.down(ref)
  h.expect(lockstep.process_info(p, "links"), nil)
end)
