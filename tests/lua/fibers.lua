-- Laws of light threads: they switch only where they wait, and every order of those that are ready is a schedule.
local lockstep = require "lockstep"
local fibers = require "lockstep.fibers"

lockstep.scenario("nobody comes between two waits", function()
  local loop, n = fibers.new(), 0
  for i = 1, 3 do
    loop:spawn("f", function()
      local seen = n
      lockstep.yield() -- of the process, not of the fiber
      n = seen + 1
      loop:sleep(i)
      n = n + 1
    end)
  end
  loop:run()
  assert(n == 6)
end)

lockstep.scenario("either of two may be first", { expect = "assertion" }, function()
  local loop, order = fibers.new(), {}
  loop:spawn("a", function() order[#order + 1] = "a" end)
  loop:spawn("b", function() order[#order + 1] = "b" end)
  loop:run()
  assert(table.concat(order) ~= "ba", "b was first")
end)

lockstep.scenario("sleepers wake in the order of their deadlines", function()
  local loop, order = fibers.new(), {}
  for _, ms in ipairs { 30, 10, 20 } do
    loop:spawn("s" .. ms, function()
      loop:sleep(ms)
      order[#order + 1] = ms
      assert(lockstep.now() == ms)
    end)
  end
  loop:run()
  assert(table.concat(order, " ") == "10 20 30")
end)

lockstep.scenario("park is woken once, or times out", function()
  local loop = fibers.new()
  local sleeper = loop:spawn("sleeper", function()
    local value, why = loop:park(5)
    assert(value == nil and why == "timeout" and lockstep.now() == 5)
    assert(loop:park(100) == "woken" and lockstep.now() == 6)
  end)
  loop:spawn("waker", function()
    loop:sleep(6)
    assert(loop:wake(sleeper, "woken"))
    assert(not loop:wake(sleeper, "again"))
  end)
  loop:run()
  assert(sleeper.state == "ended" and sleeper.ok)
end)

lockstep.scenario("a fiber waits through coroutines of its own", function()
  local loop, values = fibers.new(), {}
  loop:spawn("f", function()
    for v in fibers.coroutine.wrap(function()
      for i = 1, 3 do
        loop:sleep(10)
        fibers.coroutine.yield(i)
      end
    end) do
      if not v then break end
      values[#values + 1] = v
    end
    assert(lockstep.now() == 30)
  end)
  loop:run()
  assert(table.concat(values, " ") == "1 2 3")
end)

lockstep.scenario("kill, leave, wait and run first", function()
  local loop, seen = fibers.new(), {}
  loop:spawn("main", function()
    local first = loop:spawn("first", function()
      seen[#seen + 1] = "first"
      loop:sleep(5)
      return 7
    end)
    loop:run_first(first)
    seen[#seen + 1] = "main"
    local endless = loop:spawn("endless", function() loop:park() end)
    loop:run_first(endless)
    assert(loop:wait_any { first, endless } == first and first.values[1] == 7)
    assert(loop:kill(endless) and not loop:kill(endless) and not endless.ok)
    pcall(function() loop:leave() end)
    error("left")
  end)
  loop:run()
  assert(table.concat(seen, " ") == "first main")
end)

lockstep.scenario("an error is the process's", { expect = "assertion" }, function()
  local loop = fibers.new()
  loop:spawn("bad", function() error("no") end)
  loop:run()
end)

lockstep.scenario("who waits for each other waits for ever", { expect = "deadlock" }, function()
  local loop = fibers.new()
  loop:spawn("f", function() loop:park() end)
  loop:run()
end)
