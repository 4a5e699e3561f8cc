# Histories of scenarios: from a failure to the file that check-history reads, and to the page.
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
}

@test "a failure's history can be dumped and checked again" {
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/queue_lost.lua" --strategy pos
  exits 1
  has "$out" "the history is not linearizable (model queue)"
  has "$out" "not_linearizable at queue_lost.lua:"
  has "$out" "4 -> 2 generated operations"
  small=$(echo traces/*.shrunk.lockstep)
  lockstep replay "$small"
  exits 1
  has "$out" "reproduced the bug"
  lockstep dump "$small" --history h.jsonl --timeline h.html
  exits 0
  grep -q '"f":"enqueue"' h.jsonl
  grep -q '<svg' h.html
  lockstep check-history h.jsonl --model queue
  exits 1
  has "$out" "invalid (linearizable, model queue"
  # The same failure again, with the operations that shrinking left out still left out.
  lockstep shrink "$small" --output again.lockstep
  exits 0
  lockstep replay again.lockstep
  exits 1
}

@test "a verdict that cannot be written is an error" {
  [ -e /dev/full ] || skip
  echo '{"process":0,"type":"invoke","f":"write","value":1}' >h.jsonl
  lockstep check-history h.jsonl --model register
  exits 0
  status=0
  "$LOCKSTEP" check-history h.jsonl --model register >/dev/full 2>err || status=$?
  exits 6
  grep -q "cannot write to standard output" err
}

@test "dump says what there is not" {
  cp "$TOUR" scenario.lua
  "$LOCKSTEP" run scenario.lua --no-shrink >/dev/null || true
  trace=$(echo traces/*.lockstep)
  lockstep dump "$trace" --history h.jsonl
  exits 2
  has "$err" "records no history"
  lockstep dump "$trace" --timeline h.html
  exits 2
  has "$err" "no check of a history failed"
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/queue_lost.lua" --strategy pos --no-shrink --trace-dir q
  lockstep dump "$(echo q/*.lockstep)" --history /no/such/folder/h.jsonl
  exits 2
  has "$err" "--history: cannot write"
}
