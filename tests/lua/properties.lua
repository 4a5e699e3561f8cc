-- What predicates see, and when: between two steps, of shared state, with copies of what they capture.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local atomics = require "lockstep.atomics"
local counters = require "lockstep.counters"
local persistent_term = require "lockstep.persistent_term"

lockstep.scenario("predicates read all kinds of shared state", function()
  local t = ets.new("t", { "set", "protected" })
  local a, c = atomics.new(1), counters.new(1)
  lockstep.invariant("agree", function()
    local row = ets.lookup(t, "n")[1]
    return (row and row[2] or 0) >= counters.get(c, 1) and counters.get(c, 1) >= atomics.get(a, 1)
  end)
  lockstep.eventually("named", function()
    return lockstep.whereis("me") ~= nil and persistent_term.get("done", false)
  end)
  ets.insert(t, { "n", 1 })
  counters.add(c, 1, 1)
  atomics.put(a, 1, 1)
  lockstep.register("me", lockstep.self())
  persistent_term.put("done", true)
end)

lockstep.scenario("what a predicate captured is its own copy", function()
  local limit = { 1 }
  local a = atomics.new(1)
  lockstep.invariant("below the limit as it was", function()
    return atomics.get(a, 1) <= limit[1]
  end)
  limit[1] = 0
  atomics.put(a, 1, 1)
end)

lockstep.scenario("a predicate of a process that waits or has ended goes on", function()
  local a = atomics.new(1)
  lockstep.spawn(function()
    lockstep.invariant("small", function()
      return atomics.get(a, 1) < 3
    end)
  end)
  atomics.put(a, 1, 1)
  lockstep.sleep(1)
  atomics.put(a, 1, 2)
end)

lockstep.scenario("a broken invariant is found between two steps of one process", { expect = "invariant" }, function()
  local a = atomics.new(1)
  lockstep.invariant("never one", function()
    return atomics.get(a, 1) ~= 1
  end)
  atomics.put(a, 1, 1)
  atomics.put(a, 1, 0)
end)

lockstep.scenario("hot again after cold counts", { expect = "liveness" }, function()
  lockstep.temporal("m", "hot")
  lockstep.temporal("m", "cold")
  lockstep.temporal("m", "hot")
end)

-- Calls make new references each time; the loop is one all the same.
lockstep.scenario("a loop of calls is a livelock", { expect = "liveness", drain = true }, function()
  local function server()
    while true do
      local from, ref = table.unpack(lockstep.recv())
      lockstep.send(from, { ref, "not yet" })
    end
  end
  local pid = lockstep.spawn(server)
  lockstep.temporal("an answer", "hot")
  local answer
  repeat
    local ref = lockstep.make_ref()
    lockstep.send(pid, { lockstep.self(), ref })
    answer = lockstep.recv_first({ ref, lockstep.any })[2]
  until answer ~= "not yet"
  lockstep.temporal("an answer", "cold")
end)

lockstep.scenario("a loop with time-outs is a livelock", { expect = "liveness" }, function()
  lockstep.eventually("a message", function()
    return lockstep.whereis("nobody") ~= nil
  end)
  repeat
    local message = lockstep.recv(100)
  until message
end)

-- Loops that come to an end, though all their variables, and what is shared, are as they were. Each takes more rounds
-- than it takes to see that a state comes again.
local function ends(name, round)
  lockstep.scenario(name, function()
    lockstep.temporal("an end", "hot")
    repeat
      lockstep.yield()
    until round()
    lockstep.temporal("an end", "cold")
  end)
end

ends("a timer at a time of the clock tells what time it is", function()
  lockstep.sleep(10)
  return lockstep.cancel_timer(lockstep.send_after(lockstep.self(), "at", 1000, { abs = true })) == 0
end)
ends("a message at a time of the clock", function()
  local timer = lockstep.send_after(lockstep.self(), "at", 1000, { abs = true })
  local message = lockstep.recv(10)
  lockstep.cancel_timer(timer)
  return message
end)
ends("the text of a reference tells how many there were", function()
  return tostring(lockstep.make_ref()):find("%.60>")
end)
ends("the text of a process tells how many there were", function()
  local pid = lockstep.spawn_monitor(print)
  lockstep.recv()
  return tostring(pid):find("60")
end)
ends("the text of a table tells how many had one", function()
  return tostring({}):find("#60")
end)
ends("the text of an error that holds a reference", function()
  return tostring(select(2, pcall(lockstep.error, lockstep.make_ref()))):find("%.60>")
end)
ends("a flag is remembered", function()
  local n = lockstep.flag("min_heap_size", 0)
  lockstep.flag("min_heap_size", n + 1)
  return n > 300
end)

lockstep.scenario("a label is remembered", function()
  lockstep.temporal("an end", "hot")
  lockstep.spawn_monitor(function()
    local long
    repeat
      long = lockstep.process_info(lockstep.self(), "label"):match("%((.*)%)")
      lockstep.set_label(long .. "x")
      long = #long > 80
      lockstep.yield()
    until long
  end)
  lockstep.recv()
  lockstep.temporal("an end", "cold")
end)

-- Still one: nobody asks what the references are called.
lockstep.scenario("references that nobody tells apart", { expect = "liveness" }, function()
  lockstep.temporal("an end", "hot")
  while lockstep.make_ref() do
    lockstep.yield()
  end
end)

-- It comes true while nothing else changes.
local bounded = { expect = "step_bound", max_steps = 300, strategy = "random" }
lockstep.scenario("what a predicate keeps", bounded, function()
  local n = 0
  lockstep.eventually("asked a hundred times", function()
    n = n + 1
    return n > 100
  end)
  while true do
    lockstep.yield()
  end
end)
