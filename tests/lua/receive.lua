-- A receive with clauses: which message, which clause, guards, bodies, time limits; under each delivery.
local lockstep = require "lockstep"
local any, one_of = lockstep.any, lockstep.one_of

local function same(got, wanted)
  assert(got == wanted, ("got %s instead of %s"):format(tostring(got), tostring(wanted)))
end
local function name(text) return function() return text end end
local function to_self(...)
  for _, m in ipairs { ... } do lockstep.send(lockstep.self(), m) end
end

local function each(title, body)
  for _, delivery in ipairs { "instant", "async" } do
    for _, timers in ipairs { "quiescent", "racy" } do
      lockstep.scenario(("%s (%s, %s)"):format(title, delivery, timers), { delivery = delivery, timers = timers }, body)
    end
  end
end

each("the first message that any clause accepts, whatever the order of the clauses", function()
  to_self({ "other" }, { "b", 1 }, { "a", 2 })
  local function next_one()
    return lockstep.receive {
      { { "a", any }, function(m) return "a", m[2] end },
      { { "b", any }, function(m) return "b", m[2] end },
    }
  end
  local which, value = next_one()
  same(which, "b") same(value, 1)
  which, value = next_one()
  same(which, "a") same(value, 2)
  same(lockstep.recv()[1], "other")
end)

each("for each message the clauses in their order", function()
  to_self({ "x", 1 }, { "x", 2 }, { "x", 3 })
  local function one()
    return lockstep.receive {
      { { "x", 2 }, name "two" },
      { { "x", any }, name "any", when = function(m) return m[2] > 2 end },
      { function(m) return m[1] == "x" end, name "function" },
      { any, name "rest" },
    }
  end
  same(one(), "function") same(one(), "two") same(one(), "any")
end)

each("a guard decides for its clause alone", function()
  to_self(5, 50)
  local function one()
    return lockstep.receive {
      { any, name "large", when = function(m) return m > 10 end },
      { { one_of, 5, 6 }, name "five or six" },
    }
  end
  same(one(), "five or six") same(one(), "large")
end)

each("what raises in a guard or a matcher does not match", function()
  to_self("text", { 1 }, { { n = 3 } })
  local function of_table(m) return m[1].n == 3 end  -- raises for {1}
  same(lockstep.receive { { any, function(m) return m[1].n end, when = of_table } }, 3)
  to_self({ { n = 3 } })
  same(lockstep.recv_first(of_table)[1].n, 3)
  same(lockstep.receive { { function() error "no" end, name "never" }, { any, name "next" } }, "next")
  same(lockstep.recv()[1], 1)
end)

each("one that raises while the message is on its way does not match either", function()
  local main = lockstep.self()
  lockstep.spawn(function()
    lockstep.send(main, "text")
    lockstep.send(main, { n = { 1 } })
  end)
  same(lockstep.receive { { any, function(m) return m.n[1] end, when = function(m) return m.n[1] == 1 end } }, 1)
  same(lockstep.recv(), "text")
end)

each("after", function()
  to_self("not this")
  same(lockstep.receive { { "this", name "this" }, after = 0, otherwise = name "none" }, "none")
  local message, why = lockstep.receive { { "this", name "this" }, after = 20 }
  assert(message == nil and why == "timeout" and lockstep.now() >= 20)
  same(lockstep.receive { { "not this", name "got" }, after = 20, otherwise = name "none" }, "got")
  same(lockstep.receive { after = 5, otherwise = name "no clause" }, "no clause")
end)

each("a body may receive again, and ends as a tail call", function()
  local main = lockstep.self()
  local function loop(n)
    return lockstep.receive {
      { "more", function() return loop(n + 1) end },
      { "stop", function() return n end },
    }
  end
  for _ = 1, 30 do lockstep.send(main, "more") end
  lockstep.send(main, "stop")
  same(loop(0), 30)
end)

lockstep.scenario("two senders: either may be first, and each message goes to its clause", { delivery = "async" }, function()
  local main = lockstep.self()
  for _, tag in ipairs { "a", "b" } do
    lockstep.spawn(function() lockstep.send(main, { tag, tag }) end)
  end
  local seen = {}
  for _ = 1, 2 do
    lockstep.receive {
      { { "a", any }, function(m) seen[#seen + 1] = m[2] end },
      { { "b", any }, function(m) seen[#seen + 1] = m[2] end, when = function(m) return m[1] == "b" end },
    }
  end
  table.sort(seen)
  same(table.concat(seen), "ab")
end)

lockstep.scenario("an operation in a guard or a matcher stays an error", function()
  to_self("x")
  local function refused(f, what)
    local ok, e = pcall(f)
    assert(not ok and tostring(e):find("a matcher may not perform operations (" .. what .. ")", 1, true), e)
  end
  local main = lockstep.self()
  refused(function() lockstep.recv_first(function() lockstep.send(main, "y") return true end) end, "send")
  refused(function() lockstep.recv_first(function() return lockstep.recv() end) end, "recv")
  refused(function() lockstep.recv_first(function() return lockstep.recv_first("x") end) end, "recv_first")
  refused(function() lockstep.recv_first(function() return lockstep.choose(2) end) end, "choose")
  refused(function() lockstep.receive { { any, print, when = function() return lockstep.receive {} end } } end, "receive")
  refused(function() lockstep.receive { { function() lockstep.yield() end, print } } end, "yield")
  same(lockstep.recv(), "x")
end)

lockstep.scenario("what is no list of clauses is refused", function()
  local function refused(clauses, why)
    local ok, e = pcall(lockstep.receive, clauses)
    assert(not ok and e:find("bad argument #1 to 'receive'", 1, true) and e:find(why, 1, true), e)
  end
  refused("x", "a list of clauses expected, got string")
  refused({ { "x" } }, "clause 1: a function expected as body, got nil")
  refused({ { "x", print }, "y" }, "clause 2: {pattern, body} expected, got string")
  refused({ { "x", print, when = 1 } }, "guard (when), got number")
  refused({ { "x", print, guard = print } }, "'guard' is no part of a clause")
  refused({ { "x", print }, timeout = 5 }, "unknown option 'timeout'")
  refused({ { "x", print }, otherwise = print }, "otherwise without after")
  local ok, e = pcall(lockstep.receive, { after = -1 })
  assert(not ok and e.reason == "timeout_value")
end)

each("a matcher may look at all that it captures, and runs in the receiver's name wherever its message comes from", function()
  local me, wanted, limits = lockstep.self(), lockstep.make_ref(), { low = 1, high = { 5 } }
  limits.itself = limits
  lockstep.put("k", 3)
  local other = lockstep.spawn(function()
    lockstep.recv()
    lockstep.send(me, { wanted, 3 })
  end)
  lockstep.send(other, "go")
  local m = lockstep.recv_first(function(m)
    local copy = {}
    for k, v in pairs(m) do copy[k] = v end
    return copy[1] == wanted and copy[2] >= limits.itself.low and copy[2] <= limits.high[1] and lockstep.self() == me
      and lockstep.get("k") == copy[2]
  end)
  same(m[2], 3)
end)
