# lockstep run --shard I/N: one run shared out, and what cannot be.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }


@test "the shards together execute and find what one run does" {
  lockstep run "$TOUR" --strategy pct --keep-going --no-shrink --iterations 250 --format ndjson
  exits 1
  whole=$(jq -s '[.[] | select(.type == "failure") | .times] | add // 0' out)
  executions=0 found=0
  for i in 0 1 2; do
    lockstep run "$TOUR" --strategy pct --keep-going --no-shrink --iterations 250 --format ndjson --shard "$i/3"
    exits 1
    [ "$(jq -r 'select(.type == "scenario") | "\(.shard) \(.shards)"' out)" = "$i 3" ]
    executions=$((executions + $(jq -r 'select(.type == "scenario") | .iterations' out)))
    found=$((found + $(jq -s '[.[] | select(.type == "failure") | .times] | add // 0' out)))
  done
  [ "$executions" -eq 250 ]
  [ "$found" -eq "$whole" ]
}

@test "the report says which shard it is of" {
  lockstep run "$TOUR" --strategy random --keep-going --no-shrink --iterations 100 --shard 1/4
  has "$out" "25 with random"
  has "$out" "2 of 4: iterations k with k mod 4 = 1"
}

@test "strategies that learn or search a tree are refused, with the reason and another way" {
  lockstep run "$TOUR" --shard 0/2
  exits 2
  has "$err" "--shard cannot split auto"
  has "$err" "what it ran before"
  has "$err" "--strategy pos"
  for strategy in cache bounded states; do
    lockstep run "$TOUR" --strategy $strategy --shard 0/2 --out s
    exits 2
    has "$err" "--shard cannot split $strategy"
    has "$err" "--strategy dpor or dfs"
  done
}

@test "a part of a proof says nothing without the others" {
  for command in "run --strategy dpor" "run --strategy dfs" verify; do
    # shellcheck disable=SC2086
    lockstep $command "$TOUR" --shard 0/2
    exits 2
    has "$err" "says nothing by itself"
    has "$err" "--out DIR"
  done
}

@test "I runs from 0 to N - 1" {
  for bad in 4/4 1 a/b -1/2 1/0 1/2/3 /; do
    lockstep run "$TOUR" --strategy pos --shard "$bad"
    exits 2
    has "$err" "--shard must be I/N"
  done
}
