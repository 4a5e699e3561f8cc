# Invariants, obligations, livelocks: found, told, replayed, shrunk; and what bad predicates get.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

failure() { "$LOCKSTEP" "$@" --format ndjson | jq -c 'select(.type == "failure")' >failure.json; }

@test "a livelock: stem, loop, replay to the letter" {
  lockstep run "$LOCKSTEP_ROOT/scenarios/failures/livelock.lua" --strategy random
  exits 1
  has "$out" "the state repeats"
  has "$out" "again and again"
  [[ "$out" =~ stem:\ steps\ 1\ to\ [0-9]+ ]]
  [[ "$out" =~ loop:\ steps ]]
  lockstep replay "$(sed -n 's/^ *trace path: *//p' out)"
  exits 1
  has "$out" "reproduced"
  has "$out" "again and again"
}

@test "starvation without a deadlock: everybody runs, one never gets the lock; the ticket lock serves all" {
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/unfair_lock.lua" --strategy pct
  exits 1
  has "$out" "liveness at unfair_lock.lua:37 (the root waits for the lock: livelock)"
  lockstep run "$LOCKSTEP_ROOT/scenarios/fixed/unfair_lock.lua" --strategy pct
  exits 0
}

@test "a proof takes waits that spin to be fair, says so, and can be told not to" {
  lockstep verify "$LOCKSTEP_ROOT/scenarios/fixed/unfair_lock.lua"
  exits 0
  has "$out" "unfair lock: VERIFIED"
  has "$out" "waits that spin are fair"
  has "$out" "(--spins any)"
  scenario wait.lua wait <<'LUA'
  local a = lockstep.atomics.new(1)
  lockstep.spawn(lockstep.atomics.put, a, 1, 1)
  while lockstep.atomics.get(a, 1) == 0 do
    lockstep.yield()
  end
LUA
  lockstep verify wait.lua
  exits 0
  has "$out" "wait: VERIFIED, the only class passes"
  lockstep verify wait.lua --spins any --max-steps 50
  exits 5
  has "$out" "INCOMPLETE"
  lacks "$out" "waits that spin"
  lockstep verify "$LOCKSTEP_ROOT/scenarios/fixed/unfair_lock.lua" --spins sometimes
  exits 2
  has "$err" "--spins must be one of fair, any, got 'sometimes'"
}

@test "where waits spin the verdict counts executions: a class may be among them more than once" {
  scenario spin.lua spin <<'LUA'
  local a = lockstep.atomics.new(1)
  for i = 1, 2 do
    lockstep.spawn_monitor(function()
      while lockstep.atomics.compare_exchange(a, 1, 0, i) ~= "ok" do end
      lockstep.atomics.put(a, 1, 0)
    end)
  end
  for _ = 1, 2 do lockstep.recv() end
LUA
  lockstep verify spin.lua
  exits 0
  has "$out" "spin: VERIFIED, all"
  has "$out" "executions pass"
  lockstep verify spin.lua --format ndjson
  [ "$(jq -r 'select(.type == "scenario") | .verification.unit' out)" = executions ]
}

@test "who can only go round for ever is a failure of a proof: found, replayed, shrunk" {
  scenario round.lua round <<'LUA'
  local a = lockstep.atomics.new(1)
  lockstep.spawn(lockstep.atomics.put, a, 1, 2)
  while lockstep.atomics.get(a, 1) ~= 1 do
    lockstep.yield()
  end
LUA
  for strategy in dpor dfs cache; do
    lockstep verify round.lua --strategy $strategy
    exits 1
    has "$out" "livelock: P0(root) can only go round for ever, and nothing else can happen"
    has "$out" "signature:   liveness at round.lua:5 (livelock)"
    has "$out" "P0(root) goes round at round.lua:5, and looks at atomics#1[1]"
    lockstep replay "$(sed -n 's/^ *shrunk to: *//p' out)"
    exits 1
    has "$out" "reproduced"
  done
  lockstep verify "$LOCKSTEP_ROOT/scenarios/failures/livelock.lua"
  exits 1
  has "$out" "liveness at livelock.lua:15 (somebody goes first: livelock)"
}

@test "a loop that counts repeats no state: the bound decides, and says that it is one" {
  scenario count.lua count <<'LUA'
  lockstep.temporal("an end", "hot")
  local n = 0
  while n >= 0 do
    n = n + 1
    lockstep.yield()
  end
LUA
  lockstep run count.lua --max-temperature 200 --no-shrink
  exits 1
  has "$out" "an end: bound"
  has "$out" "the verdict of a bound"
  lockstep replay traces/count-iter0-seed1.lockstep
  exits 1
  has "$out" "reproduced"
}

@test "a bound on what is owed stops a proof: no failure, and no VERIFIED" {
  scenario slow.lua slow <<'LUA'
  local a = lockstep.atomics.new(1)
  lockstep.temporal("an end", "hot")
  repeat until lockstep.atomics.add_get(a, 1, 1) > 100
  lockstep.temporal("an end", "cold")
LUA
  lockstep verify slow.lua --max-temperature 50
  exits 5
  has "$out" "slow: comes to a bound on iteration 0"
  has "$out" "INCOMPLETE, no failure in 1 class"
  has "$out" "stopped by:  1 execution ended at a bound: 'an end' is hot for 50 steps (--max-temperature)"
  has "$out" "try:         --max-temperature 200"
  lockstep verify slow.lua --max-steps 110
  exits 5
  has "$out" "try:         --max-temperature 220 --max-steps 440"
  lockstep verify slow.lua --max-temperature 220 --max-steps 440
  exits 0
  lockstep run slow.lua --max-temperature 50
  exits 1
}

@test "what is owed at the end fails, what came true before does not; warm is not owed" {
  lockstep run "$LOCKSTEP_ROOT/scenarios/failures/liveness.lua" --strategy dfs
  exits 1
  has "$out" "eventually 'the flag is up' has not come true, and the execution has ended"
  scenario fine.lua fine <<'LUA'
  local a = lockstep.atomics.new(1)
  lockstep.eventually("once", function() return lockstep.atomics.get(a, 1) == 1 end)
  lockstep.atomics.put(a, 1, 1)
  lockstep.atomics.put(a, 1, 0)
  lockstep.temporal("m", "hot")
  lockstep.temporal("m", "warm")
LUA
  lockstep run fine.lua --strategy dfs
  exits 0
}

@test "an invariant sees every state, also in a proof" {
  cat >two.lua <<'LUA'
local lockstep = require "lockstep"
lockstep.scenario("two", function()
  local a = lockstep.atomics.new(2)
  lockstep.invariant("not only the second", function()
    return lockstep.atomics.get(a, 1) == 1 or lockstep.atomics.get(a, 2) == 0
  end)
  lockstep.spawn(lockstep.atomics.put, a, 1, 1)
  lockstep.spawn(lockstep.atomics.put, a, 2, 1)
  lockstep.sleep(1)
end)
LUA
  for strategy in dfs dpor pos; do
    lockstep run two.lua --strategy $strategy --no-shrink
    exits 1
    has "$out" "invariant 'not only the second' does not hold"
    has "$out" "invariant at two.lua:4 (not only the second)"
  done
}

@test "predicates that do more than look, or raise, or are none" {
  lockstep run "$LOCKSTEP_ROOT/scenarios/failures/misuse_predicate.lua"
  exits 3
  has "$err" "performs an operation (atomics.add_get)"
  has "$err" "misuse_predicate.lua:10"
  for call in 'lockstep.send(lockstep.self(), 1)' 'lockstep.recv(0)' 'lockstep.choose(2)' 'pcall(lockstep.yield)' \
    'lockstep.spawn(print)' 'math.random(2)' 'lockstep.put(1, 2)' 'lockstep.make_ref()'; do
    rm -f bad.lua
    scenario bad.lua bad <<<"lockstep.invariant('i', function() $call; return true end) lockstep.yield()"
    lockstep run bad.lua
    exits 3
    has "$err" "it may only look"
  done
  scenario raises.lua raises <<<'lockstep.eventually("e", function() error("oops") end) lockstep.yield()'
  lockstep run raises.lua --no-shrink
  exits 1
  has "$out" "the predicate of eventually 'e' raised"
  has "$out" "oops"
  scenario none.lua none <<<'lockstep.invariant("i", 7)'
  lockstep run none.lua --no-shrink
  exits 1
  has "$out" "bad argument #2 to 'invariant'"
  scenario state.lua state <<<'lockstep.temporal("t", "tepid")'
  lockstep run state.lua --no-shrink
  exits 1
  has "$out" "bad argument #2 to 'temporal'"
  scenario twice.lua twice <<<'lockstep.invariant("i", function() return true end) lockstep.invariant("i", function() return true end)'
  lockstep run twice.lua --no-shrink
  exits 1
  has "$out" "declared before"
}

@test "a loop that waits ends under every strategy that samples" {
  scenario spin.lua spin <<'LUA'
  local a = lockstep.atomics.new(1)
  lockstep.spawn(function()
    lockstep.yield()
    lockstep.atomics.put(a, 1, 1)
  end)
  while lockstep.atomics.get(a, 1) == 0 do
    lockstep.yield()
  end
LUA
  scenario poll.lua poll <<'LUA'
  local main = lockstep.self()
  lockstep.spawn(function()
    lockstep.yield()
    lockstep.send(main, 1)
  end)
  repeat until lockstep.recv(0)
LUA
  for strategy in auto random pct fair_pct idpct pos loc urw surw rff pctcp delay preemption; do
    for file in spin poll; do
      lockstep run $file.lua --strategy $strategy -n 200
      exits 0
    done
  done
}

@test "expect = liveness and expect = invariant" {
  printf '%s\n' 'local lockstep = require "lockstep"' \
    'lockstep.scenario("owed", { expect = "liveness" }, function() lockstep.temporal("x", "hot") end)' \
    'lockstep.scenario("broken", { expect = "invariant at expect.lua:3 (i)" }, function() lockstep.invariant("i", function() return false end) lockstep.yield() end)' >expect.lua
  lockstep run expect.lua
  exits 0
}
