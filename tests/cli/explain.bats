# The slice and the reason of failures in which something was kept from coming.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

@test "a kill that kept a message from coming is in the slice, and is the reason" {
  cat >none.lua <<'LUA'
local lockstep = require "lockstep"
lockstep.scenario("no reply", { crashes = "allow" }, function()
  local root = lockstep.self()
  local p = lockstep.spawn(function() lockstep.yield() lockstep.send(root, "hi") end)
  lockstep.spawn(function() lockstep.exit(p, "kill") end)
  assert(lockstep.recv(1000), "no reply")
end)
LUA
  lockstep run none.lua
  exits 1
  has "$out" "exit_signal"
  has "$out" "arrives"
  has "$out" '1. the arrival at P1(fn:4) of "kill" from P2(fn:5)'
  has "$out" 'comes before P1(fn:4) send P0(root) "hi" (none.lua:4), which it then never comes to'
  lockstep run none.lua --format ndjson
  has "$out" '"second":0'
}

@test "a kill between two messages is in the slice" {
  cat >half.lua <<'LUA'
local lockstep = require "lockstep"
lockstep.scenario("half", { crashes = "allow" }, function()
  local root = lockstep.self()
  local p = lockstep.spawn(function() lockstep.send(root, "one") lockstep.send(root, "two") lockstep.recv() end)
  lockstep.spawn(function() lockstep.exit(p, "kill") end)
  local got = 0
  while lockstep.recv(1000) do got = got + 1 end
  assert(got ~= 1, "half a pair")
end)
LUA
  lockstep run half.lua
  exits 1
  has "$out" "exit_signal"
  has "$out" "arrives"
  # It comes after the one message and before the other.
  has "$out" 'comes before the arrival at P1(fn:4) of "kill"'
  has "$out" 'comes before P1(fn:4) send P0(root) "two"'
}

@test "a node that stops is in the slice, and races with what came before it" {
  cat >stop.lua <<'LUA'
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
lockstep.scenario("stop", { crashes = "allow" }, function()
  local root = lockstep.self()
  cluster.start_nodes({ "a", "b" })
  cluster.spawn("b", function() lockstep.send(root, "one") lockstep.send(root, "two") lockstep.recv() end)
  cluster.spawn("a", function() cluster.stop_node("b") end)
  local got = 0
  while lockstep.recv(1000) do got = got + 1 end
  assert(got ~= 1, "half a pair")
end)
LUA
  lockstep run stop.lua
  exits 1
  has "$out" "cluster.stop_node"
  has "$out" 'comes before P2(fn:7) cluster.stop_node "b"'
}

# Found from a schedule with more deviations, by bounded search over what the relation says.
@test "the smallest set of deviations is found where a predicate is declared meanwhile" {
  cat >min.lua <<'LUA'
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"
lockstep.scenario("min", { drain = true }, function()
  local a = atomics.new(2)
  local p = lockstep.spawn(function()
    lockstep.send(lockstep.recv(), "go")
    atomics.put(a, 1, 1)
    atomics.put(a, 1, 0)
    atomics.get(a, 1)
  end)
  lockstep.spawn(function() if atomics.get(a, 2) == 1 then atomics.put(a, 1, 1) end end)
  lockstep.spawn(function() atomics.put(a, 2, 1) end)
  local q = lockstep.spawn(function()
    lockstep.recv()
    local zero = false
    lockstep.invariant("never up", function()
      local v = atomics.get(a, 1)
      if v == 0 then zero = true end
      return not (zero and v == 1)
    end)
  end)
  lockstep.send(p, q)
end)
LUA
  for seed in 1 2 3 4 5 6 7 8 9 10; do
    lockstep run min.lua --strategy random --seed $seed
    exits 1
    has "$out" "-> 1 deviations"
    has "$out" "minimum: no smaller set of deviations fails"
  done
}
