# lockstep verify --checkpoint: a proof survives its process.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

RAFT="$LOCKSTEP_ROOT/scenarios/fixed/raft_election.lua"

# What a search comes to, without what depends on the clock.
verdict() {
  jq -c 'select(.type == "scenario") | del(.seconds, .cpu_seconds, .executions_per_second, .steps_per_second, .resumed,
    .checkpoints, .checkpoint_seconds)' out
}

@test "killed again and again, it ends with the counts of a search that nobody killed" {
  lockstep verify "$RAFT" --judge 0 --format ndjson
  exits 0
  verdict >whole
  kills=0
  while :; do
    "$LOCKSTEP" verify "$RAFT" --judge 0 --format ndjson --checkpoint c --checkpoint-every 50ms -j $((1 + kills % 2)) >out 2>err &
    pid=$!
    sleep "$(((1 + kills) / 10)).$(((1 + kills) % 10))" # longer each time: a busy machine has to get on, too
    kill -9 $pid 2>/dev/null || break
    wait $pid || true
    kills=$((kills + 1))
    [ $kills -lt 100 ] || break
  done
  wait $pid
  [ $kills -ge 3 ]
  verdict | diff whole -
  [ "$(jq -c 'select(.type == "scenario") | .resumed > 0' out)" = true ]
  [ ! -e c ] # removed when all is done
}

@test "after ^C and after a time it goes on from where it was" {
  lockstep verify "$RAFT" --judge 0 --format ndjson
  verdict >whole
  local delay
  for delay in 0.2 0.5 1 2; do # on a busy machine it may have begun with nothing yet
    timeout -s INT $delay "$LOCKSTEP" verify "$RAFT" --judge 0 --checkpoint c >out 2>err || true
    [ ! -e c ] || break
  done
  has "$(cat err)" "the same command goes on from c"
  lockstep verify "$RAFT" --judge 0 --checkpoint c --time 100ms
  exits 5
  lockstep verify "$RAFT" --judge 0 --format ndjson --checkpoint c
  exits 0
  verdict | diff whole -
}

@test "a file of another search, or a damaged one, is named and left alone" {
  lockstep verify "$RAFT" --judge 0 --checkpoint c --time 200ms
  exits 5
  cp c kept
  lockstep verify "$RAFT" --judge 0 --checkpoint c --max-steps 77
  exits 2
  has "$err" "c: of another search: max_steps is 10000 there and 77 here"
  cp "$RAFT" other.lua
  echo "-- another" >>other.lua
  lockstep verify other.lua --checkpoint c
  exits 2
  has "$err" "is another file there"
  cmp c kept
  bytes=$(stat -c %s kept)
  for n in 0 1 7 20 27 28 100 $((bytes / 2)) $((bytes - 1)); do
    head -c "$n" kept >c
    lockstep verify "$RAFT" --checkpoint c
    exits 6
    has "$err" "left alone"
    [ "$(stat -c %s c)" -eq "$n" ]
  done
  for n in 3 9 15 25 40 $((bytes / 3)) $((bytes - 1)); do
    cp kept c
    printf '\xa5' | dd of=c bs=1 seek="$n" conv=notrunc status=none
    cmp -s c kept && continue
    cp c changed
    lockstep verify "$RAFT" --checkpoint c
    exits 6
    has "$err" "left alone"
    cmp c changed
  done
  echo x >>kept
  lockstep verify "$RAFT" --checkpoint kept
  exits 6
}

@test "what it cannot hold is refused, with the reason" {
  lockstep verify "$RAFT" --strategy cache --checkpoint c
  exits 2
  has "$err" "--strategy cache cannot be taken up again"
  lockstep verify "$RAFT" "$TOUR" --checkpoint c
  exits 2
  has "$err" "holds the search of one scenario, and there are 2"
  lockstep verify "$RAFT" --total-time 5s --checkpoint c
  exits 2
  lockstep verify "$RAFT" --checkpoint /nowhere/c --checkpoint-every 10ms --judge 0
  exits 6
  has "$err" "cannot write /nowhere/c"
  has "$out" VERIFIED
}

@test "a failure ends it, and the file goes" {
  lockstep verify "$TOUR" --checkpoint c
  exits 1
  [ ! -e c ]
}
