# lockstep verify: VERIFIED, a failure, or INCOMPLETE, with what each assumes.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

FIXED="$LOCKSTEP_ROOT/scenarios/fixed"
BUGS="$LOCKSTEP_ROOT/scenarios/bugs"

# Three writers of one key: 3! classes, whatever comes after.
writers() {
  cat >writers.lua <<'LUA'
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
lockstep.scenario("writers", function()
  local t = ets.new("t", { "public" })
  for i = 1, 3 do
    lockstep.spawn(function() ets.insert(t, { "x", i }) end)
  end
  lockstep.sleep(1)
  assert(ets.lookup_element(t, "x", 2) > 0)
end)
LUA
}

@test "a proof says how many classes, what it assumed, and that it is not vacuous" {
  writers
  lockstep verify writers.lua
  exits 0
  has "$out" "writers: VERIFIED, all 6 classes pass"
  has "$out" "at most 10,000 steps"
  has "$out" "instant delivery"
  has "$out" "assert or a checker was evaluated 6 times, in every execution"
  has "$out" "4 processes, all ran"
  has "$out" "3 racing pairs, both orders seen of each"
  has "$out" "no message was left unread"
}

# raced NAME OPTIONS PAIRS CLASSES, the body on stdin: so many pairs in so many classes, each in both orders.
raced() {
  cat - >body
  printf 'local lockstep = require "lockstep"\nlockstep.scenario("%s", %s, function()\n%s\nend)\n' "$1" "$2" "$(cat body)" >raced.lua
  lockstep verify raced.lua
  exits 0
  has "$out" "all $4 classes pass"
  has "$out" "$3, both orders seen of each"
}

@test "timers that are due together race, also where the first keeps the other from firing" {
  raced "two timers" '{ timers = "quiescent" }' "1 racing pair" 2 <<'LUA'
  lockstep.send_after(lockstep.self(), "a", 10)
  lockstep.send_after(lockstep.self(), "b", 10)
  lockstep.recv()
  lockstep.recv()
LUA
  raced "time-out" '{ timers = "quiescent" }' "1 racing pair" 2 <<'LUA'
  local root = lockstep.self()
  lockstep.spawn(function()
    lockstep.sleep(10)
    lockstep.send(root, "done")
  end)
  lockstep.recv(10)
LUA
}

# The limit passes first, or the message comes first.
@test "by default what one timer leads to races with the others of its time, and five who wait alike are one class" {
  raced "two timers" "{}" "1 racing pair" 2 <<'LUA'
  lockstep.send_after(lockstep.self(), "a", 10)
  lockstep.send_after(lockstep.self(), "b", 10)
  lockstep.recv()
  lockstep.recv()
LUA
  raced "time-out" "{}" "1 racing pair" 2 <<'LUA'
  local root = lockstep.self()
  lockstep.spawn(function()
    lockstep.sleep(10)
    lockstep.send(root, "done")
  end)
  lockstep.recv(10)
LUA
  scenario five.lua five <<'LUA'
  for _ = 1, 5 do
    lockstep.spawn(function()
      lockstep.recv(10)
    end)
  end
  lockstep.sleep(100)
LUA
  lockstep verify five.lua
  exits 0
  has "$out" "the only class passes"
  lockstep verify five.lua --timers quiescent
  has "$out" "all 120 classes pass"
}

@test "a checkout's time-out against the worker's own timer of that length fails by default, and passes where timers are quiescent" {
  scenario pool.lua pool <<'LUA'
  local ets = require "lockstep.ets"
  local given = ets.new("given", { "public" })
  local pool = lockstep.spawn(function()
    local client = lockstep.recv()
    lockstep.sleep(50)
    ets.insert(given, { client })
    lockstep.send(client, "yours")
  end)
  lockstep.send(pool, lockstep.self())
  if not lockstep.recv(LIMIT) then
    assert(#ets.lookup(given, lockstep.self()) == 0, "given to who has gone")
  end
LUA
  sed 's/LIMIT/60/' pool.lua >longer.lua
  sed 's/LIMIT/50/' pool.lua >same.lua
  lockstep run longer.lua --strategy dfs
  exits 0
  has "$out" "2 timers only ever fired last"  # the sleep, and the limit that never fires
  has "$out" "--timers racy races them"
  lockstep verify longer.lua --timers racy --no-shrink
  exits 1
  lockstep verify same.lua --timers quiescent
  exits 0
  lockstep verify same.lua --no-shrink
  exits 1
  has "$out" "given to who has gone"
}

@test "what comes first and keeps the other step from coming was seen first" {
  raced "cancelled" '{ timers = "racy" }' "1 racing pair" 2 <<'LUA'
  lockstep.cancel_timer(lockstep.send_after(lockstep.self(), "a", 10))
LUA
  raced "killed" "{}" "4 racing pairs" 5 <<'LUA'
  local cells = lockstep.atomics.new(1)
  local pid = lockstep.spawn(function()
    lockstep.atomics.put(cells, 1, 1)
    lockstep.atomics.put(cells, 1, 2)
  end)
  lockstep.exit(pid, "kill")
  lockstep.yield()
LUA
}

@test "what a bound on preemptions leaves out was not visited, and no budget is named that is too small" {
  writers
  for strategy in cache dfs; do
    lockstep verify writers.lua --strategy $strategy --preemptions 1
    exits 0
    [[ "$out" =~ Every\ (state|schedule)\ within\ the\ bound\ was ]]
  done
  scenario large.lua large <<'LUA'
  local cells = lockstep.atomics.new(1)
  for i = 1, 4 do
    lockstep.spawn(function()
      for k = 1, 6 do
        lockstep.atomics.put(cells, 1, i * 10 + k)
      end
    end)
  end
  lockstep.sleep(1)
LUA
  lockstep verify large.lua --strategy dfs -n 100
  exits 5
  lacks "$(grep -A 1 '^  try:' <<<"$out")" "--iterations"
  has "$out" "--strategy dpor executes one schedule of each class"
}

@test "an execution may consist of choices of values alone" {
  scenario choices.lua choices <<<'lockstep.choose(3) lockstep.choose(2)'
  for _ in 1 2 3; do # what lay before the first node decided
    MALLOC_PERTURB_=165 lockstep verify choices.lua -j 1
    exits 0
    has "$out" "VERIFIED, all 6 classes pass"
  done
}

same_whatever_the_workers() {
  for jobs in 1 2 4; do
    "$LOCKSTEP" verify "$1" -j "$jobs" | grep -v '^  rate:' >"out$jobs"
  done
  diff out1 out2
  diff out1 out4
}

@test "the published count of the repaired wake-up protocol, whatever the workers" {
  same_whatever_the_workers "$FIXED/parent_wake.lua"
  grep -q "VERIFIED, all 1,332 classes pass" out1
}

@test "nodes that crash are searched by all workers, with the same counts" {
  same_whatever_the_workers "$FIXED/raft_election.lua"
  grep -q "VERIFIED, all" out1
  grep -q "^  redundant:" out1 # parts gave executions up to each other, so there were some
}

@test "every repaired scenario is verified within a million classes" {
  for file in "$FIXED"/*.lua; do
    lockstep verify "$file" --iterations 1000000
    exits 0 || { echo "$file"; false; }
    has "$out" "VERIFIED"
  done
}

@test "a failure is reported as by run, with a trace that replays, exit 1" {
  lockstep verify "$BUGS/parent_wake.lua"
  exits 1
  has "$out" "found a concurrency bug on iteration"
  lockstep replay --trace "$(sed -n 's/^ *trace path: *//p' out)"
  exits 1
}

@test "all failing classes are counted: 324 of 616 deadlock" {
  lockstep verify "$BUGS/parent_wake.lua" --keep-going --format ndjson
  exits 1
  [ "$(jq -s '[.[] | select(.type == "failure") | .times] | add // 0' out)" = 324 ]
  [ "$(jq -r 'select(.type == "scenario") | .iterations' out)" = 616 ]
}

@test "the report of a failure does not depend on the workers" {
  for jobs in 1 3; do
    "$LOCKSTEP" verify "$BUGS/parent_wake.lua" --keep-going --no-shrink -j "$jobs" | grep -v '^  rate:' >"out$jobs" || true
  done
  diff out1 out3
}

@test "a budget that ends too early is INCOMPLETE, exit 5, with an estimate and a knob" {
  lockstep verify "$FIXED/parent_wake.lua" --iterations 300
  exits 5
  has "$out" "INCOMPLETE, no failure in 300 classes"
  has "$out" "stopped by:  --iterations 300"
  has "$out" "of the search is done"
  has "$out" "--iterations "
  lacks "$out" "VERIFIED"
  lockstep verify "$FIXED/parent_wake.lua" --iterations 300 -q
  exits 5
  has "$out" "stopped by:  --iterations 300"
  lockstep verify "$FIXED/parent_wake.lua" -q
  exits 0
  [ -z "$out" ]
}

@test "an execution that ends at a bound makes it incomplete, never verified" {
  scenario endless.lua endless <<'LUA'
local me = lockstep.self()
lockstep.spawn(function() lockstep.send(me, "stop") end)
while lockstep.recv(0) ~= "stop" do end
LUA
  lockstep verify endless.lua --max-steps 20 --spins any
  exits 5
  has "$out" "endless: INCOMPLETE"
  has "$out" "ended at a bound"
  has "$out" "--max-steps 80"
  lacks "$out" "VERIFIED"
}

@test "an empty proof says that it is empty" {
  scenario empty.lua empty <<<'lockstep.spawn(function() end)'
  lockstep verify empty.lua
  exits 0
  has "$out" "NOTHING ASSERTED"
  # A checker asserts too.
  scenario checked.lua checked <<'LUA'
  local history = require "lockstep.history"
  local h = history.start()
  history.op(h, "write", 0, function() end)
  require("lockstep.checker").linearizable(h, "register")
LUA
  lockstep verify checked.lua
  exits 0
  has "$out" "assert or a checker was evaluated 1 time, in every execution"
  scenario drawn.lua drawn <<<'assert(math.random(6) < 7)'
  lockstep verify drawn.lua
  exits 0
  has "$out" "random numbers as drawn with seed 1"
}

@test "unread messages and idle processes are named" {
  scenario unread.lua unread <<'LUA'
local p = lockstep.spawn(function() lockstep.recv_first(function(m) return m == "b" end) end)
lockstep.send(p, "a")
lockstep.sleep(1)
assert(true)
LUA
  lockstep verify unread.lua
  exits 0
  has "$out" "messages were left unread in 1 of 1 executions: P0(root) -> P1(fn:3) (1)"
  has "$out" "never performed an operation: P1"
}

@test "a scenario that expects a failure is verified to fail so and in no other way" {
  cat >expects.lua <<'LUA'
local lockstep = require "lockstep"
lockstep.scenario("stuck", { expect = "deadlock" }, function()
  local me = lockstep.self()
  lockstep.spawn(function() lockstep.send(me, 1) end)
  lockstep.spawn(function() lockstep.send(me, 2) end)
  if lockstep.recv() == 2 then lockstep.recv() lockstep.recv() end
end)
lockstep.scenario("never stuck", { expect = "deadlock" }, function() assert(true) end)
LUA
  lockstep verify expects.lua --only stuck
  exits 1
  has "$out" "stuck: VERIFIED, fails as expected (deadlock) in 1 of 2 classes, and in no other way"
  has "$out" "never stuck: expected to fail (deadlock), but did not"
}

@test "several files, one verdict each; ndjson has every figure" {
  writers
  lockstep verify writers.lua "$FIXED/limiter.lua" --format ndjson
  exits 0
  [ "$(jq -r 'select(.type == "run") | .command' out)" = verify ]
  [ "$(jq -r 'select(.type == "scenario") | .verification.verdict' out | sort -u)" = verified ]
  [ "$(jq -r 'select(.scenario == "writers") | .verification.executed' out)" = 6 ]
  [ "$(jq -r 'select(.scenario == "writers") | .verification.racing_pairs' out)" = 3 ]
}

@test "a strategy that cannot prove is refused with the reason" {
  lockstep verify "$FIXED/limiter.lua" --strategy pct
  exits 2
  has "$err" "--strategy pct cannot prove anything: it samples schedules"
  lockstep verify "$FIXED/limiter.lua" --strategy bounded
  exits 2
  has "$err" "it ends at a bound of its own"
  lockstep verify
  exits 2
  has "$err" "no scenario file given"
}

@test "what a scenario says about sampling does not limit its proof" {
  sed 's/lockstep.scenario("writers", /&{ iterations = 2, strategy = "pct" }, /' >sampled.lua < <(
    writers
    cat writers.lua
  )
  lockstep verify sampled.lua
  exits 0
  has "$out" "all 6 classes pass"
}

@test "dfs proves as well, schedule by schedule" {
  writers
  lockstep verify writers.lua --strategy dfs -j 2
  exits 0
  has "$out" "schedules pass"
  has "$out" "Every schedule was executed"
}

@test "auto turns to a proof where the classes are few, and says so" {
  writers
  lockstep run writers.lua
  exits 0
  has "$out" "writers: VERIFIED by auto, all 6 classes pass"
  for jobs in 1 2; do
    "$LOCKSTEP" run "$FIXED/limiter.lua" --iterations 20000 -j "$jobs" | grep -v '^  rate:' >"out$jobs"
  done
  grep -q "VERIFIED by auto, all 576 classes" out1
  diff out1 out2
}

@test "auto does not take one draw of random numbers for all" {
  scenario drawn.lua drawn <<<'lockstep.spawn(function() end) assert(math.random(6) < 7)'
  lockstep run drawn.lua
  exits 0
  lacks "$out" VERIFIED
  has "$out" "not a proof"
}

@test "values: each reduction has its switch, and the verdict names it" {
  scenario values.lua values <<'LUA'
local ets = require "lockstep.ets"
local t = ets.new("t", { "public" })
ets.insert(t, { "n", 0 })
for _ = 1, 3 do lockstep.spawn(function() ets.update_counter(t, "n", 1) end) end
for _ = 1, 2 do lockstep.spawn(function() ets.insert(t, { "x", 1 }) end) end
lockstep.sleep(1)
assert(ets.lookup_element(t, "n", 2) == 3)
LUA
  lockstep verify values.lua --reduce none
  has "$out" "all 12 classes pass"
  lacks "$out" "count as one"
  lockstep verify values.lua
  has "$out" "the only class passes"
  has "$out" "count as one: equal-writes,unused-increments,unobserved-sends"
  lockstep verify values.lua --reduce unused-increments
  has "$out" "all 2 classes pass"
  has "$out" "unused-increments"
  lockstep verify values.lua --reduce equal-writes
  has "$out" "all 6 classes pass"
  lockstep verify values.lua --reduce all
  has "$out" "the only class passes"
  lockstep verify values.lua --reduce equal-sends
  exits 2
  has "$err" "--reduce must be a list of equal-writes,unused-increments,unobserved-sends,equal-messages"
}

@test "messages: those that no receive tells apart commute, and equal ones" {
  scenario mail.lua mail <<'LUA'
local main = lockstep.self()
for i = 1, 3 do lockstep.spawn(function() lockstep.send(main, "m" .. i) end) end
for i = 1, 3 do assert(lockstep.recv_first("m" .. i)) end
LUA
  lockstep verify mail.lua --reduce none
  has "$out" "all 6 classes pass"
  lockstep verify mail.lua --reduce unobserved-sends
  has "$out" "the only class passes"
  has "$out" "count as one: unobserved-sends"
  scenario equal.lua equal <<'LUA'
local main = lockstep.self()
for i = 1, 2 do lockstep.spawn(function() lockstep.send(main, "done") end) end
for i = 1, 2 do assert(lockstep.recv() == "done") end
LUA
  lockstep verify equal.lua --reduce unobserved-sends
  has "$out" "all 2 classes pass"
  lockstep verify equal.lua --reduce equal-messages
  has "$out" "the only class passes"
  has "$out" "count as one: equal-messages"
  # Who was waited for counts: the first message may be taken before the one sender has read, and
  # before the other has.
  scenario waited.lua waited <<'LUA'
local ets = require "lockstep.ets"
local main, t = lockstep.self(), ets.new("t", { "public" })
ets.insert(t, { "n", 0 })
for i = 1, 2 do
  lockstep.spawn(function()
    if ets.lookup_element(t, "n", 2) == 1 then lockstep.cover("late" .. i) end
    lockstep.send(main, "done")
  end)
end
lockstep.recv()
ets.insert(t, { "n", 1 })
lockstep.recv()
LUA
  lockstep verify waited.lua --reduce equal-messages --cover late1 --cover late2
  exits 0
  has "$out" "late1: reached in"
  has "$out" "late2: reached in"
}

# A wait that polls goes round for ever, and is only held where a message that it would not take
# counts: the reduction is left out then, and the verdict does not name it.
@test "messages: a wait that polls its mailbox still ends" {
  scenario poll.lua poll <<'LUA'
local main = lockstep.self()
lockstep.spawn(function() lockstep.send(main, "other") lockstep.send(main, "go") end)
while not lockstep.recv_first("go", 0) do lockstep.yield() end
assert(lockstep.recv() == "other")
LUA
  lockstep verify poll.lua
  exits 0
  has "$out" VERIFIED
  has "$out" "count as one: equal-writes,unused-increments"
  lacks "$out" "unobserved-sends"
  lockstep verify poll.lua --reduce unobserved-sends
  exits 0
  lacks "$out" "unobserved-sends"
  scenario keeps.lua keeps <<'LUA'
local main, n = lockstep.self(), 0
for i = 1, 2 do lockstep.spawn(function() lockstep.send(main, i) end) end
lockstep.recv_first(function() n = n + 1 return n == 2 end)
LUA
  lockstep verify keeps.lua
  exits 5
  has "$out" "keeps.lua:5: a matcher changes what it captures"
  has "$out" "--strategy dfs"
  lockstep verify keeps.lua --strategy dfs
  exits 0
  lockstep run keeps.lua
  exits 0
  has "$out" "This is not a proof"
}

# EXIT and DOWN are messages too, and so are time-outs.
@test "messages: those of a supervisor's children commute where they are taken by pattern" {
  scenario exits.lua exits <<'LUA'
lockstep.flag("trap_exit", true)
local pids = {}
for i = 1, 4 do pids[i] = lockstep.spawn_link(function() lockstep.recv() end) end
for i = 1, 4 do lockstep.send(pids[i], "go") end
for i = 1, 4 do assert(lockstep.recv_first({ "EXIT", pids[i], lockstep.any })) end
LUA
  lockstep verify exits.lua
  has "$out" "the only class passes"
  lockstep verify exits.lua --reduce none
  has "$out" "all 24 classes pass"
}

# What time it is when a process asks depends on the timers that have fired.
@test "a proof with racy timers knows that time passes between any two steps" {
  cat >clock.lua <<'EOF'
local lockstep = require "lockstep"
lockstep.scenario("clock", { timers = "racy" }, function()
  lockstep.spawn(function() lockstep.sleep(100) end)
  lockstep.yield()
  assert(lockstep.now() == 0, "late")
end)
EOF
  for strategy in dpor cache dfs; do
    lockstep verify clock.lua --strategy $strategy
    exits 1
    has "$out" "late"
  done
}

@test "a bound on preemptions goes with dfs, and the verdict says so" {
  writers
  lockstep verify writers.lua --strategy dfs --preemptions 0
  exits 0
  has "$out" "VERIFIED within 0 preemptions"
  lockstep verify writers.lua --strategy dpor --preemptions 2
  exits 2
  has "$err" "--preemptions bounds cache and dfs, not dpor: it drops schedules"
  has "$err" "--strategy cache --preemptions N"
  lockstep verify writers.lua --preemptions 1
  exits 0
  has "$out" "VERIFIED within 1 preemption"
  has "$out" "with cache"
}

# Four processes add one to an atomic in two steps. A state is how far each is and what it has seen.
counter_atomic() {
  scenario counter.lua counter <<'LUA'
local a = lockstep.atomics.new(1)
for _ = 1, 4 do
  lockstep.spawn(function() lockstep.atomics.put(a, 1, lockstep.atomics.get(a, 1) + 1) end)
end
lockstep.sleep(1)
assert(lockstep.atomics.get(a, 1) > 0)
LUA
}

@test "every state once: how many, how they are compared, and the same outcomes as dfs" {
  counter_atomic
  lockstep verify counter.lua --strategy cache
  exits 0
  has "$out" "counter: VERIFIED, all "
  has "$out" " states pass"
  has "$out" "ended early, where nothing new was left"
  has "$out" "64-bit digests"
  has "$out" "Every state was visited: none fails."
  lockstep verify "$BUGS/parent_wake.lua" --strategy cache --no-shrink
  exits 1
  has "$out" "found a concurrency bug on iteration"
}

@test "states are searched by one worker, and that is said" {
  counter_atomic
  lockstep verify counter.lua --strategy cache
  grep -v '^  rate:' out >out1
  lockstep verify counter.lua --strategy cache -j 3
  has "$err" "--strategy cache searches with one worker"
  grep -v '^  rate:' out >out3
  diff out1 out3
}

@test "what a search keeps does not grow with what it has executed: 32 MB after 100,000 executions as after 10,000" {
  scenario sums.lua sums <<'LUA'
  local root, ets = lockstep.self(), lockstep.ets
  local t = ets.new("t", { "public" })
  for i = 1, 4 do ets.insert(t, { i, 0 }) end
  for i = 1, 5 do
    lockstep.spawn(function()
      local sum = 0
      for k = 1, 4 do
        sum = sum + ets.lookup_element(t, k, 2)
        ets.insert(t, { (k + i) % 4 + 1, sum + i })
      end
      lockstep.send(root, "done")
    end)
  end
  for _ = 1, 5 do lockstep.recv() end
LUA
  local n peak kb pid
  for n in 10000 100000; do
    peak=0
    "$LOCKSTEP" verify sums.lua -n "$n" >out 2>err &
    pid=$!
    while kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" 2>/dev/null) && [ -n "$kb" ]; do
      peak=$kb
      sleep 0.02
    done
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 5 ]
    echo "$n executions: $peak kB"
    [ "$peak" -gt 0 ]
    grep -qE "__(asan|tsan)_init" "$LOCKSTEP" || [ "$peak" -lt 32000 ]
  done
}

@test "memory for states that is used up makes it INCOMPLETE, exit 5, with what helps" {
  counter_atomic
  lockstep verify counter.lua --strategy cache --cache-memory 1k
  exits 5
  has "$out" "INCOMPLETE"
  has "$out" "fill --cache-memory 1k"
  has "$out" "--strategy dpor needs no memory for states"
}

# Each passes since a timer waits for all else, and fails where it does not.
@test "a clean verdict names timers that never raced: of receives, sleeps, send_after and calls alike" {
  cat >timers.lua <<'LUA'
local lockstep = require "lockstep"
local gen_server = require "lockstep.gen_server"
local Pong = { init = function() return "ok", 0 end, handle_call = function(_, _, s) return "reply", "pong", s end }
local function child(me) lockstep.send(me, "x") end
lockstep.scenario("receive", function()
  lockstep.spawn(child, lockstep.self())
  assert(lockstep.recv(100) == "x")
end)
lockstep.scenario("sleep", function()
  lockstep.spawn(child, lockstep.self())
  lockstep.sleep(50)
  assert(lockstep.recv(0) == "x")
end)
lockstep.scenario("send_after", function()
  lockstep.send_after(lockstep.self(), "late", 50)
  lockstep.spawn(child, lockstep.self())
  assert(lockstep.recv() == "x")
end)
lockstep.scenario("cancelled", function()
  local timer = lockstep.send_after(lockstep.self(), "late", 50)
  lockstep.spawn(child, lockstep.self())
  assert(lockstep.recv() == "x")
  lockstep.cancel_timer(timer)
end)
lockstep.scenario("call", function()
  local server = gen_server.start(Pong, {})
  assert(gen_server.call(server, "ping", 100) == "pong")
end)
LUA
  local name command
  for name in receive sleep send_after cancelled call; do
    for command in verify "run --strategy random -n 20"; do
      # shellcheck disable=SC2086
      lockstep $command timers.lua --only "=$name"
      exits 0
      has "$out" "1 timer only ever fired last, when nothing else could go, or not at all; --timers racy races them"
    done
    lockstep verify timers.lua --only "=$name" --timers racy --no-shrink
    exits 1
  done
  # Nothing to race: no time-out, and the time is over already.
  scenario none.lua none <<'LUA'
  lockstep.spawn(function(me) lockstep.send(me, "x") end, lockstep.self())
  lockstep.recv()
  lockstep.recv(0)
LUA
  lockstep verify none.lua
  exits 0
  lacks "$out" "only ever fired last"
}

# Look up, insert one more, tell the parent: Concuerror's optimal search executes 6, 150 and 8,712 of
# these, equal inserts commuting; (N!)^2 orders of the table times N! of the messages if they do not
# (the orders of messages that the table forces included).
counter() {  # counter N
  cat >"counter$1.lua" <<LUA
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
lockstep.scenario("counter $1", function()
  local t = ets.new("t", { "public" })
  ets.insert(t, { "n", 0 })
  local main = lockstep.self()
  for _ = 1, $1 do
    lockstep.spawn(function()
      ets.insert(t, { "n", ets.lookup_element(t, "n", 2) + 1 })
      lockstep.send(main, "done")
    end)
  end
  for _ = 1, $1 do lockstep.recv() end
  assert(ets.lookup_element(t, "n", 2) <= $1)
end)
LUA
}

@test "the published counts of the counter with messages" {
  counter 2
  counter 3
  counter 4
  lockstep verify counter2.lua counter3.lua --reduce equal-writes
  has "$out" "counter 2: VERIFIED, all 6 classes pass"
  has "$out" "counter 3: VERIFIED, all 150 classes pass"
  lockstep verify counter4.lua --reduce equal-writes -j 2
  has "$out" "counter 4: VERIFIED, all 8,712 classes pass"
}

@test "a proof is judged by every state, by a part of them, or not at all" {
  writers
  lockstep verify writers.lua
  exits 0
  has "$out" "judged:      without reduction, by every state once"
  lockstep verify writers.lua --judge 4
  exits 0
  has "$out" "judged:      in part: nothing else in"
  has "$out" "and 1 random execution"
  lockstep verify writers.lua --judge 0
  exits 0
  lacks "$out" "judged:"
  lockstep run writers.lua --strategy dpor --format ndjson
  exits 0
  [ "$(jq -r 'select(.judged) | .judged.every_state' <<<"$out")" = true ]
  lockstep run writers.lua --strategy dfs
  exits 0
  lacks "$out" "judged:"
  lockstep verify writers.lua --judge x
  exits 2
  has "$err" "--judge"
}

# The wait for a message is not held there, the one for the number is: the replay has to do the same.
@test "what is found without holding waits that poll is replayed without holding them" {
  cat >polls.lua <<'LUA'
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"
lockstep.scenario("polls", { max_steps = 60 }, function()
  local root, number = lockstep.self(), atomics.new(1)
  lockstep.spawn(function() lockstep.send(root, "a") end)
  repeat local m = lockstep.recv(0) until m
  while atomics.get(number, 1) == 0 do end
end)
LUA
  lockstep verify polls.lua --reduce unobserved-sends -k --no-shrink --trace-dir t
  exits 1
  has "$out" "livelock"
  for trace in t/*; do
    lockstep replay --trace "$trace"
    exits 1
    lockstep shrink --trace "$trace"
    exits 0
  done
}
