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
