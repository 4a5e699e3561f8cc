-- Cases of the core that ask about a process, or go through an alias.
local lockstep = require "lockstep"
local h = require "helper"

lockstep.scenario("link-info", function()
  local a, b, c = h.doer(), h.doer(), h.idle()
  local names = { b = b, c = c }
  local function links() return lockstep.process_info(a, "links") end
  h.within(a, function()
    lockstep.link(b)
    lockstep.link(c)
    return h.sync(b) and h.sync(c)
  end)
  local l1 = h.label(links(), names)
  table.sort(l1)
  h.within(b, function()
    lockstep.unlink(a)
    return h.sync(a)
  end)
  local l2 = h.label(links(), names)
  lockstep.send(c, "stop")
  h.await_down(c)
  h.until_(function() return #links() == 0 end)
  h.expect({ l1, l2, links() }, { { "b", "c" }, { "c" }, {} })
end)

lockstep.scenario("monitor-unalias-drops", function()
  local a, p = lockstep.alias(), h.doer()
  h.within(p, function() return lockstep.send(a, "one") end)
  lockstep.recv_first "one"
  local u1, u2 = lockstep.unalias(a), lockstep.unalias(a)
  local s = h.within(p, function() return lockstep.send(a, "two") end)
  h.expect({ u1, u2, s, h.drain() }, { true, false, "two", {} })
end)

lockstep.scenario("reg-info", function()
  local p = h.idle()
  -- OTP's [] for a process without a name is nil here, as undefined is.
  local a = lockstep.process_info(p, "registered_name")
  lockstep.register("rb9", p)
  h.expect({ a == nil, lockstep.process_info(p, "registered_name") }, { true, "rb9" })
end)
