-- Sending, mailboxes, selective receive, isolation.
local lockstep = require "lockstep"
local case = require "case"
local same, raised = case.same, case.raised
local any = lockstep.any

local function to_self(...)
  for i = 1, select("#", ...) do
    lockstep.send(lockstep.self(), (select(i, ...)))
  end
end

-- receive X -> hit after ms -> otherwise
local function receive(what, hit, ms, otherwise)
  return lockstep.recv_first(what, ms) ~= nil and hit or otherwise
end

lockstep.scenario("msg-fifo-pair", function()
  local main = lockstep.self()
  lockstep.spawn(function()
    for i = 1, 100 do
      lockstep.send(main, i)
    end
  end)
  for i = 1, 100 do
    same(case.next(), i)
  end
end)

lockstep.scenario("msg-selective-skip", function()
  to_self("a", "b", "c", "b", "d")
  lockstep.recv_first("b")
  same(case.drain(), { "a", "c", "b", "d" })
end)

lockstep.scenario("msg-clause-order-same-message", function()
  to_self({ "x", 1 })
  local result = lockstep.receive {
    { { "x", any }, function() return "generic" end },
    { { "x", 1 }, function() return "specific" end },
  }
  same(result, "generic")
end)

lockstep.scenario("msg-after0-nomatch", function()
  to_self("a", "b")
  same({ receive("zzz", "hit", 0, "timeout"), case.drain() }, { "timeout", { "a", "b" } })
end)

lockstep.scenario("msg-after0-match-last", function()
  to_self("a", "b", "c", "zzz")
  same({ receive("zzz", "hit", 0, "timeout"), case.drain() }, { "hit", { "a", "b", "c" } })
end)

lockstep.scenario("msg-after-timeout-value", function()
  local main = lockstep.self()
  lockstep.spawn(function()
    lockstep.send(main, "noise1")
    lockstep.send(main, "noise2")
  end)
  same({ receive("wanted", "hit", 30, "timed_out"), case.drain() }, { "timed_out", { "noise1", "noise2" } })
end)

lockstep.scenario("msg-after-only", function()
  to_self("a")
  lockstep.sleep(10)
  same({ "slept", case.drain() }, { "slept", { "a" } })
end)

lockstep.scenario("msg-after-bad-value", function()
  local bad = { "raised", "error", "timeout_value" }
  same({ raised(lockstep.recv, -1), raised(lockstep.recv, "foo") }, { bad, bad })
end)

lockstep.scenario("msg-send-dead", function()
  local p = case.dead()
  same({ lockstep.send(p, { "hi", 1 }), case.drain() }, { { "hi", 1 }, {} })
end)

lockstep.scenario("msg-send-unregistered", function()
  same(raised(lockstep.send, "no_such_name_x", "hi"), case.badarg)
end)

lockstep.scenario("msg-send-bad-dest", function()
  same({ raised(lockstep.send, 42, "x"), raised(lockstep.send, { "l" }, "x") }, { case.badarg, case.badarg })
end)

local function report_k(main)
  lockstep.recv_first("go")
  lockstep.send(main, { "report", lockstep.recv_first({ "data", any })[2].k })
end

lockstep.scenario("msg-isolation-send", function()
  local t = { k = 1 }
  local p = lockstep.spawn(report_k, lockstep.self())
  lockstep.send(p, { "data", t })
  t.k = 2
  lockstep.send(p, "go")
  same(lockstep.recv_first({ "report", any })[2], 1)
end)

lockstep.scenario("msg-isolation-receiver", function()
  local main = lockstep.self()
  local t = { k = 1 }
  local p = lockstep.spawn(function()
    local d = lockstep.recv_first({ "data", any })[2]
    d.k = 99
    lockstep.send(main, { "p", d.k })
  end)
  local q = lockstep.spawn(report_k, main)
  lockstep.send(p, { "data", t })
  lockstep.send(q, { "data", t })
  local by_p = lockstep.recv_first({ "p", any })[2]
  lockstep.send(q, "go")
  local by_q = lockstep.recv_first({ "report", any })[2]
  same({ by_p, by_q, t.k }, { 99, 1, 1 })
end)

lockstep.scenario("msg-isolation-spawn", function()
  local t = { k = 1 }
  local p = lockstep.spawn(function(main, argument)
    lockstep.recv_first("go")
    lockstep.send(main, { "report", argument.k, t.k })
  end, lockstep.self(), t)
  t.k = 2
  lockstep.send(p, "go")
  same(lockstep.recv_first({ "report", any, any }), { "report", 1, 1 })
end)

lockstep.scenario("msg-ref-selective", function()
  local main = lockstep.self()
  to_self({ "old", "ok" })
  local ref = lockstep.make_ref()
  local p = lockstep.spawn(function()
    local _, from, tag = table.unpack(lockstep.recv_first({ "req", any, any }))
    lockstep.send(from, { tag, "answer" })
  end)
  lockstep.send(p, { "req", main, ref })
  local answer = lockstep.recv_first({ ref, any })[2]
  same({ answer, case.drain() }, { "answer", { { "old", "ok" } } })
end)
