# lockstep merge: the shards of a run as one report.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

# What the clock has a say in is left out.
timeless() { sed -E '/^  rate:/d'; }

# shards N FLAGS...: all N of a run of the tour, in the folder s.
shards() {
  local n=$1 i
  shift
  for ((i = 0; i < n; i++)); do
    lockstep run "$TOUR" "$@" --shard "$i/$n" --out s
    exits 0
  done
}

@test "the report is that of the run itself, byte for byte" {
  for strategy in random pos pct surw loc delay native; do
    rm -rf s traces
    "$LOCKSTEP" run "$TOUR" --strategy $strategy --iterations 250 --keep-going >whole || [ $? -eq 1 ]
    sum=$(cat traces/* | sha256sum)
    rm -rf traces
    shards 5 --strategy $strategy --iterations 250 --keep-going
    [ ! -e traces ] # merge writes them, once
    lockstep merge s
    exits 1
    diff <(timeless <whole) <(timeless <out)
    [ "$(cat traces/* | sha256sum)" = "$sum" ]
  done
}

@test "where nothing fails, too" {
  good="$LOCKSTEP_ROOT/scenarios/fixed/lost_update_ets.lua"
  lockstep run "$good" --strategy pos --iterations 300
  exits 0
  timeless <out >whole
  for i in 0 1 2; do
    lockstep run "$good" --strategy pos --iterations 300 --shard $i/3 --out s -j 2
    exits 0
  done
  lockstep merge s
  exits 0
  timeless <out | diff whole -
}

@test "the first failure of all is the one that the run stops at" {
  "$LOCKSTEP" run "$TOUR" --strategy pct --iterations 250 --format ndjson >whole || [ $? -eq 1 ]
  shards 4 --strategy pct --iterations 250
  lockstep merge s --format ndjson
  exits 1
  failure() { jq -c 'select(.type == "failure") | del(.shrink.seconds)' "$1"; }
  diff <(failure whole) <(failure out)
}

@test "a shard that is missing is named, and one that is run again changes nothing" {
  shards 4 --strategy pos --iterations 100 --keep-going
  lockstep merge s
  timeless <out >whole
  rm s/shard-2-of-4.lockshard
  lockstep merge s
  exits 5
  has "$err" "1 of 4 shards is missing: 2"
  has "$err" "--shard 2/4"
  lockstep run "$TOUR" --strategy pos --iterations 100 --keep-going --shard 2/4 --out s
  exits 0
  lockstep merge s
  exits 1
  timeless <out | diff whole -
  mkdir empty
  lockstep merge empty
  exits 5
  lockstep merge nowhere
  exits 2
}

@test "killed at any moment a shard leaves its file whole or absent, and run again changes nothing" {
  RANDOM=${HOSTILE_SEED:-$$}
  echo "HOSTILE_SEED=${HOSTILE_SEED:-$$}"
  local search=("$TOUR" --strategy pos --iterations 2000 --keep-going --out s)
  lockstep run "${search[@]}" --shard 0/2
  lockstep run "${search[@]}" --shard 1/2
  lockstep merge s
  exits 1
  timeless <out >merged
  for ((i = 0; i < ${KILLS:-6}; i++)); do
    rm -f s/shard-1-of-2.lockshard
    "$LOCKSTEP" run "${search[@]}" --shard 1/2 >out 2>err &
    pid=$!
    sleep "0.$(printf '%03d' $((RANDOM % 150)))"
    kill -9 $pid 2>/dev/null || true
    wait $pid || true
    lockstep merge s
    if [ -e s/shard-1-of-2.lockshard ]; then exits 1; else exits 5; fi
    [ "$status" -eq 5 ] || timeless <out | diff merged -
    lockstep run "${search[@]}" --shard 1/2
    exits 0
    lockstep merge s
    timeless <out | diff merged -
  done
}

@test "shards of different options, files or numbers are refused with the difference" {
  shards 2 --strategy pos --iterations 100
  cp s/shard-0-of-2.lockshard first
  lockstep run "$TOUR" --strategy pos --iterations 200 --shard 0/2 --out s
  lockstep merge s
  exits 2
  has "$err" "iterations is 200 there and 100 here"
  cp first s/shard-0-of-2.lockshard
  cp first s/shard-0-of-3.lockshard
  lockstep run "$TOUR" --strategy pos --iterations 100 --shard 0/3 --out s
  lockstep merge s
  exits 2
  has "$err" "one of 2 shards and one of 3"
  cp "$TOUR" mine.lua
  rm -rf s
  lockstep run mine.lua --strategy pos --iterations 10 --shard 0/1 --out s
  echo "-- edited" >>mine.lua
  lockstep merge s
  exits 2
  has "$err" "is another file there"
}

@test "a damaged shard is named, and left alone" {
  shards 2 --strategy pos --iterations 50
  f=s/shard-1-of-2.lockshard
  cp $f kept
  bytes=$(stat -c %s kept)
  for n in 0 10 28 $((bytes / 2)) $((bytes - 1)); do
    head -c "$n" kept >$f
    lockstep merge s
    exits 6
    has "$err" "shard-1-of-2.lockshard"
    has "$err" "left alone"
  done
  for n in 5 9 22 30 $((bytes / 2)); do
    cp kept $f
    printf '\xa5' | dd of=$f bs=1 seek="$n" conv=notrunc status=none
    lockstep merge s
    exits 6
  done
}

@test "where there are more shards than iterations some have nothing to do" {
  "$LOCKSTEP" run "$TOUR" --strategy pos --iterations 3 --keep-going >whole || [ $? -eq 1 ]
  rm -rf traces
  shards 5 --strategy pos --iterations 3 --keep-going
  lockstep merge s
  diff <(timeless <whole) <(timeless <out)
}

@test "what belongs to merge is refused of a shard, and --out needs one" {
  lockstep run "$TOUR" --strategy pos --out s
  exits 2
  has "$err" "there is no --shard"
  for flag in --store=failures --baseline=b --write-baseline=b --html=page.html --report=junit=j.xml; do
    lockstep run "$TOUR" --strategy pos --shard 0/2 --out s "$flag"
    exits 2
    has "$err" "give it to lockstep merge"
  done
  lockstep run "$TOUR" --strategy pos --shard 0/2 --out s --total-time 1s
  exits 2
  has "$err" "use --time"
  lockstep run "$TOUR" --strategy pos --shard 0/2 --out s --check-determinism
  exits 2
  [ ! -e s ]
}

@test "how a shard talks is its own affair" {
  shards 2 --strategy pos --iterations 50 --keep-going
  lockstep merge s
  timeless <out >merged
  for i in 0 1; do
    lockstep run "$TOUR" --strategy pos --iterations 50 --keep-going --shard $i/2 --out s -q -j 2 --format ndjson --log-file log
    exits 0
  done
  rm log
  lockstep merge s
  timeless <out | diff merged -
  [ ! -e log ]
}

@test "what the project file says of reports and memory is left to merge" {
  cp "$TOUR" mine.lua
  printf 'strategy = "pos"\niterations = 60\nkeep_going = true\nstore = "failures"\nreport = ["tap=report.tap"]\n' >lockstep.toml
  for i in 0 1 2; do
    lockstep run mine.lua --shard $i/3 --out s
    exits 0
  done
  [ ! -e failures ]
  [ ! -e report.tap ]
  lockstep merge s
  exits 1
  [ -n "$(find failures -name '*.lockstep')" ]
  grep -q '^not ok' report.tap
}

@test "a baseline is asked when all is there: shards that went on past what it knows" {
  lockstep run "$TOUR" --strategy pos --iterations 50 --write-baseline known
  exits 0
  shards 2 --strategy pos --iterations 50 --keep-going
  lockstep merge s --baseline known
  exits 0
  has "$out" "known"
  rm -rf s
  shards 2 --strategy pos --iterations 50
  for flag in --baseline=known --store=failures; do
    lockstep merge s "$flag"
    exits 2
    has "$err" "run them with --keep-going"
  done
}

# proof FILE: all four shards of its proof, in the folder s.
proof() {
  local i
  rm -rf s
  for i in 0 1 2 3; do
    lockstep verify "$@" --shard "$i/4" --out s
    exits 0
    lacks "$out" "VERIFIED"
  done
}

# The classes in the verdict, as lockstep verify counts them.
verdict() { sed -n 's/.*: \(VERIFIED.*\)$/\1/p' out; }

@test "a proof is shared out: the same verdict, with the same classes" {
  raft="$LOCKSTEP_ROOT/scenarios/fixed/raft_election.lua"
  lockstep verify "$raft"
  exits 0
  whole=$(verdict)
  proof "$raft"
  has "$out" "a part of a proof"
  lockstep merge s
  exits 0
  [ "$(verdict)" = "$whole" ]
  has "$out" "judged"
  # Each has done something of it.
  least=$(for i in 0 1 2 3; do lockstep verify "$raft" --shard "$i/4" --out s --format ndjson && jq 'select(.type == "scenario") | .iterations' out; done | sort -n | head -1)
  [ "$least" -gt 0 ]
  [ "$(jq 'select(.type == "scenario") | .proof' out)" = false ]
}

@test "a proof with a part missing or out of time is none" {
  proof "$LOCKSTEP_ROOT/scenarios/fixed/raft_election.lua"
  mv s/shard-2-of-4.lockshard .
  lockstep merge s
  exits 5
  has "$err" "1 of 4 shards is missing: 2"
  lockstep verify "$LOCKSTEP_ROOT/scenarios/fixed/raft_election.lua" --shard 2/4 --out s --iterations 100
  exits 5
  lockstep merge s
  exits 2
  has "$err" "iterations is"
}

@test "a shard that is there, and knew all that others have learnt, is not searched again" {
  raft="$LOCKSTEP_ROOT/scenarios/fixed/raft_election.lua"
  proof "$raft"
  lockstep merge s
  exits 0
  sums=$(cat s/* | sha256sum)
  for i in 0 1 2 3; do
    lockstep verify "$raft" --shard $i/4 --out s -v
    exits 0
    has "$err" "has it"
  done
  [ "$(cat s/* | sha256sum)" = "$sums" ]
}

@test "small proofs, failures and expected failures are those of one process" {
  small="$LOCKSTEP_ROOT/scenarios/fixed/lost_update_ets.lua"
  lockstep verify "$small"
  whole=$(verdict)
  proof "$small"
  lockstep merge s
  exits 0
  [ "$(verdict)" = "$whole" ]
  proof "$TOUR"
  lockstep merge s
  exits 1
  lockstep verify "$TOUR" --format ndjson
  jq -c 'select(.type == "failure") | [.iteration, .signature]' out >whole
  lockstep merge s --format ndjson
  jq -c 'select(.type == "failure") | [.iteration, .signature]' out | diff whole -
}

@test "a shard of a proof that was killed goes on from its checkpoint, and changes nothing" {
  raft="$LOCKSTEP_ROOT/scenarios/fixed/raft_election.lua"
  proof "$raft"
  lockstep merge s
  whole=$(verdict)
  rm s/shard-1-of-4.lockshard
  "$LOCKSTEP" verify "$raft" --shard 1/4 --out s --checkpoint c --checkpoint-every 20ms >out 2>err &
  pid=$!
  while kill -0 $pid 2>/dev/null && [ ! -e c ]; do sleep 0.01; done
  kill -9 $pid 2>/dev/null || true
  wait $pid || true
  if [ -e c ]; then
    lockstep verify "$raft" --shard 2/4 --out s --checkpoint c
    exits 2
    has "$err" "of another search"
  fi
  lockstep verify "$raft" --shard 1/4 --out s --checkpoint c
  exits 0
  lockstep merge s
  exits 0
  [ "$(verdict)" = "$whole" ]
}

# What the search of each by itself comes to may not depend on what is in the folder: it did, and shards that had
# learnt from others were over while those others had taken a part.
@test "a failure that a late lesson leads to is found by shards one after another" {
  cat >late.lua <<'END'
local lockstep, ets = require "lockstep", require "lockstep.ets"
lockstep.scenario("late lesson", function()
  local t, root = ets.new("t", { "public" }), lockstep.self()
  ets.insert(t, { "n", 0 })
  local function writer(i, n)
    for _ = 1, n do ets.insert(t, { ets.update_counter(t, "n", 1), i }) end
  end
  lockstep.spawn(writer, 1, 6)
  lockstep.spawn(writer, 2, 7)
  lockstep.sleep(10)
  local s = ""
  for i = 1, 13 do s = s .. ets.lookup(t, i)[1][2] end
  lockstep.spawn(function() lockstep.send(root, "a") end)
  lockstep.spawn(function() lockstep.send(root, "b") end)
  if s == "1111112222222" then assert(lockstep.recv() == "b") lockstep.recv()
  else lockstep.recv_first("a") lockstep.recv_first("b") end
end)
END
  for order in "0 1" "1 0"; do
    rm -rf d
    for i in $order; do
      lockstep verify late.lua -k --judge 0 --shard $i/2 --out d
      exits 0
    done
    for i in $order; do lockstep verify late.lua -k --judge 0 --shard $i/2 --out d; done
    lockstep merge d
    exits 1
  done
}

@test "shards with one reduction by messages, or none, have that one" {
  cat >equal.lua <<'END'
local lockstep, ets = require "lockstep", require "lockstep.ets"
lockstep.scenario("equal", function()
  local t, root = ets.new("t", { "public" }), lockstep.self()
  ets.insert(t, { "n", 0 })
  local function writer(i, n)
    for _ = 1, n do ets.insert(t, { ets.update_counter(t, "n", 1), i }) end
  end
  for _ = 1, 2 do lockstep.spawn(function() lockstep.send(root, "x") end) end
  lockstep.spawn(writer, 1, 7)
  lockstep.spawn(writer, 2, 7)
  lockstep.sleep(10)
  lockstep.recv() lockstep.recv()
end)
END
  for reduce in equal-messages none; do
    rm -rf d
    lockstep verify equal.lua --judge 0 --reduce $reduce
    exits 0
    whole=$(verdict)
    for i in 0 1 0 1; do
      lockstep verify equal.lua --reduce $reduce --shard $i/2 --out d
      exits 0
    done
    lockstep merge d
    exits 0
    [ "$(verdict)" = "$whole" ] || { echo "$reduce: $(verdict), not $whole"; false; }
  done
}
