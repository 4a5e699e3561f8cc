# lockstep bench: counts that do not depend on the workers, formats, and what bad input gets.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

@test "bench measures every sampling strategy and leaves no traces" {
  lockstep bench "$TOUR" --seeds 5
  exits 0
  for strategy in auto random pct idpct pos loc urw surw rff pctcp; do
    grep -qE "^  $strategy +5/5 " out
  done
  [ "$(grep -cE '^  (dfs|dpor|bounded|replay) ' out)" -eq 0 ]
  has "$out" "fails with:  assertion at lost_update.lua:22 (70 trials)"
  [ ! -e traces ]
}

@test "bench prints the same but for rates, whatever the number of workers" {
  for jobs in 1 3; do
    "$LOCKSTEP" bench "$TOUR" --seeds 10 --strategies auto,pct,rff -j "$jobs" | grep -v '^  rate:' >"out$jobs"
  done
  diff out1 out3
}

@test "bench: a scenario that never fails has no mean and does not count for the suite" {
  scenario clean.lua clean <<<'lockstep.spawn(function() end)'
  lockstep bench clean.lua "$TOUR" --seeds 3 --iterations 20 --strategies pos
  exits 0
  grep -qE '^  pos +0/3 +- +- +- +- +20 ' out
  has "$out" "never failed"
  has "$out" "suite: 2 programs, 1 of them failed"
  grep -qE '^  pos +1/1 ' out
}

@test "bench ndjson has every figure, and the first failure of run" {
  lockstep bench "$TOUR" --seeds 3 --seed 7 --strategies pos,pct:depth=2 --format ndjson
  exits 0
  jq -e . out >/dev/null
  [ "$(jq -r 'select(.type == "bench") | .strategy' out | paste -sd,)" = "pos,pct:depth=2" ]
  [ "$(jq -r 'select(.strategy == "pos") | .executions | length' out)" = 3 ]
  first=$(jq -r 'select(.strategy == "pos") | .executions[0][0]' out)
  lockstep run "$TOUR" --seed 7 --strategy pos --format ndjson
  [ "$(jq -r 'select(.type == "failure") | .iteration' out)" = $((first - 1)) ]
}

# With seed 1 it is a proof that comes to the failure first.
@test "bench: a trial of auto makes the executions of run, its proofs too" {
  bug="$LOCKSTEP_ROOT/scenarios/bugs/kv_partition.lua"
  for seed in 1 2 3; do
    iteration=$("$LOCKSTEP" run "$bug" --seed $seed --iterations 3000 --no-shrink --format ndjson |
      jq 'select(.type == "failure") | .iteration')
    lockstep bench "$bug" --strategies auto --seeds 1 --seed $seed --iterations 3000 --coverage 0 --format ndjson
    [ "$(jq 'select(.type == "bench") | .executions[0][0]' out)" -eq $((iteration + 1)) ]
  done
}

@test "bench --format markdown is a table, --summary only the suite" {
  lockstep bench "$TOUR" --seeds 2 --strategies pos,urw --format markdown
  exits 0
  [ "$(head -1 out)" = "| program | pos | urw |" ]
  lockstep bench "$TOUR" --seeds 2 --strategies pos,urw --summary
  exits 0
  [ "$(head -1 out)" = "suite: 1 programs, 1 of them failed" ]
}

@test "bench says what is wrong with its input" {
  lockstep bench
  exits 2
  has "$err" "no scenario file given"
  lockstep bench "$TOUR" --strategies pso
  exits 2
  has "$err" "--strategies must be the name of a strategy, got 'pso' (did you mean pos?)"
  lockstep bench "$TOUR" --strategies replay
  exits 2
  has "$err" "replay follows a recorded one"
  lockstep bench "$TOUR" --strategies pos,pos
  exits 2
  has "$err" "once, got 'pos' twice"
  lockstep bench "$TOUR" --strategies pct:dept=3
  exits 2
  has "$err" "depth=D"
  lockstep bench "$TOUR" --strategies pct:depth=x
  exits 2
  has "$err" "depth must be a whole number"
  lockstep bench "$TOUR" --seeds 0
  exits 2
  has "$err" "--seeds must be a whole number of at least 1"
  lockstep bench "$TOUR" --only nothing-like-this
  exits 2
  has "$err" "matches none of"
  lockstep bench "$LOCKSTEP_ROOT/scenarios/failures/misuse_global.lua"
  exits 3
}

# dpor executes one schedule of each class, so it knows the number of classes independently.
@test "the classes that sampling counts are those that a proof executes" {
  for twin in lost_update_ets lost_update_server hammer_fixed_window stale_cache; do
    file="$LOCKSTEP_ROOT/scenarios/fixed/$twin.lua"
    classes=$("$LOCKSTEP" run "$file" --strategy dpor --reduce none --format ndjson | jq 'select(.type == "scenario") | .iterations')
    lockstep bench "$file" --seeds 1 --iterations 1 --coverage 2000 --strategies random --format ndjson
    [ "$(jq 'select(.type == "bench") | .coverage.classes' out)" -eq "$classes" ]
  done
}
