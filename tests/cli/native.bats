# --strategy native, and how often plain runs meet what was found.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

share() { jq -r 'select(.type == "failure") | .unsteered | "\(.failed) \(.tried)"' <<<"$1"; }

@test "native finds a bug and writes a trace that replays" {
  lockstep run "$TOUR" --strategy native --iterations 10000
  exits 1
  has "$out" 'strategy:    native'
  local trace
  trace=$(sed -n 's/^ *trace path: *//p' out)
  lockstep replay --trace "$trace"
  exits 1
  has "$out" 'reproduced'
}

@test "native is a function of the seed, whatever the number of workers" {
  for jobs in 1 3; do
    "$LOCKSTEP" run "$TOUR" --strategy native --seed 9 --keep-going --iterations 3000 -j "$jobs" --unsteered 0 |
      grep -v '^  rate:' >"out$jobs"
  done
  diff out1 out3
  "$LOCKSTEP" run "$TOUR" --strategy native --seed 10 --keep-going --iterations 3000 --unsteered 0 | grep -v '^  rate:' >other
  if diff -q out1 other; then return 1; fi
}

@test "the line is what native itself counts with that seed" {
  lockstep run "$TOUR" --strategy pos --unsteered 3000 --format ndjson
  local failed tried
  read -r failed tried < <(share "$out")
  [ "$tried" -eq 3000 ]
  [ "$failed" -gt 0 ] && [ "$failed" -lt 3000 ]
  lockstep run "$TOUR" --strategy native --iterations 3000 --keep-going --unsteered 0 --format ndjson
  [ "$(jq 'select(.type == "failure") | .times' out)" -eq "$failed" ]
}

@test "one core runs each process until it waits: the update is never lost" {
  lockstep run "$TOUR" --strategy native --cores 1 --iterations 5000
  exits 0
  lockstep run "$TOUR" --strategy pos --cores 1
  exits 1
  # Wilson of 0 in 10,000: z^2 / (n + z^2) with z = 1.96 is 1 in 2,604.
  has "$out" 'unsteered:   none of 10,000 plain runs: fewer than 1 in 2,604 (95 %); --strategy native, 1 core'
}

@test "what fails under every schedule fails in all plain runs" {
  scenario always.lua always <<<'error("no")'
  lockstep run always.lua --unsteered 100
  exits 1
  has "$out" 'unsteered:   all 100 plain runs'
}

@test "first come, first served: who was started first is first, where all do the same" {
  scenario order.lua order <<'LUA'
  for i = 1, 3 do
    lockstep.spawn(function(root) lockstep.send(root, i) end, lockstep.self())
  end
  local first = lockstep.recv()
  lockstep.recv() lockstep.recv()
  assert(first == 1, "not the first")
LUA
  lockstep run order.lua --strategy native --cores 1 --iterations 2000
  exits 0
  lockstep run order.lua --strategy random
  exits 1
}

@test "timers fire when nobody can go on, and nothing breaks while something can" {
  scenario timer.lua timer <<'LUA'
  local root = lockstep.self()
  lockstep.spawn(function() for _ = 1, 50 do lockstep.yield() end lockstep.send(root, "work") end)
  assert(lockstep.recv(10) == "work", "the time was up")
LUA
  lockstep run timer.lua --strategy native --timers racy --iterations 300
  exits 0
  lockstep run timer.lua --strategy random --timers racy --iterations 300
  exits 1
}

@test "a spin lock is come through, and a bound is none of native's" {
  echo 'local atomics = require "lockstep.atomics"' >spin.lua
  scenario spin.lua spin <<'LUA'
  local lock, root = atomics.new(1), lockstep.self()
  for _ = 1, 6 do
    lockstep.spawn(function()
      while atomics.compare_exchange(lock, 1, 0, 1) ~= "ok" do lockstep.yield() end
      lockstep.yield()
      atomics.put(lock, 1, 0)
      lockstep.send(root, "done")
    end)
  end
  for _ = 1, 6 do lockstep.recv() end
LUA
  for cores in 1 2 16; do
    lockstep run spin.lua --strategy native --cores $cores --iterations 500
    exits 0
  done
}

@test "none are counted where none are wanted, and a wrong number is refused" {
  lockstep run "$TOUR" --strategy pos --unsteered 0
  lacks "$out" 'unsteered:'
  lockstep run "$TOUR" --cores 0
  exits 2
  has "$err" '--cores must be a whole number'
  lockstep run "$TOUR" --unsteered x
  exits 2
}

@test "a clean run of native says what it has excluded" {
  scenario clean.lua clean <<<'lockstep.yield()'
  lockstep run clean.lua --strategy native --iterations 1000
  exits 0
  has "$out" 'This is not a proof. A failure in more than 0.3 % of executions would have been found (95 %)'
}
