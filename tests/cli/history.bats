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
  grep -q '"summary":"' h.html
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
  exits 6
  has "$err" "--history: cannot write /no/such/folder/h.jsonl: No such file or directory"
  # The history says that it is whole: what is cut off at a line's end is missed.
  lockstep dump "$(echo q/*.lockstep)" --history h.jsonl
  exits 0
  lockstep check-history h.jsonl
  exits 1
  head -n -1 h.jsonl >cut.jsonl
  lockstep check-history cut.jsonl
  exits 3
  has "$err" "the file is cut"
}

@test "what is not a history: a pipe, a device, a folder, nothing, an empty file" {
  mkfifo pipe
  mkdir folder
  : >empty.jsonl
  : >empty.edn
  local file
  for file in pipe /dev/zero /dev/null folder; do
    lockstep check-history "$file"
    exits 3
    has "$err" "not a file"
    has "$err" "hint:"
  done
  lockstep check-history missing.jsonl
  exits 3
  has "$err" "missing.jsonl: cannot be read: No such file or directory"
  for file in empty.jsonl empty.edn; do
    lockstep check-history "$file"
    exits 3
    has "$err" "the file is empty"
  done
}

@test "a field that no event has is refused, but for one that is named" {
  echo '{"index":0,"process":0,"type":"invoke","f":"write","value":1,"colour":"red"}' >h.jsonl
  lockstep check-history h.jsonl --model register
  exits 3
  has "$err" 'h.jsonl:1:62: unknown field "colour"'
  lockstep check-history h.jsonl --model register --ignore-field colour
  exits 0
  lockstep check-history h.jsonl --model register --ignore-field value
  exits 2
  has "$err" "is what is checked"
}

@test "a reading that waits ends at the first ^C, and when its time ends" {
  mkfifo pipe
  sleep 20 >pipe 3>&- &
  local writer=$!
  "$LOCKSTEP" check-history - <pipe >out 2>err 3>&- &
  local reader=$! start
  sleep 0.3
  start=$(date +%s%N)
  kill -INT "$reader"
  status=0
  wait "$reader" || status=$?
  exits 130
  [ $((($(date +%s%N) - start) / 1000000)) -lt 1000 ]
  kill "$writer"
  status=0
  sleep 5 3>&- | "$LOCKSTEP" check-history - --time 200ms >out 2>err 3>&- || status=$?
  exits 5
  grep -q "the budget of time ended before the history was read" out
}

@test "memory bounds the whole process, while it reads too" {
  lockstep check-history missing.jsonl --memory 2
  exits 2
  has "$err" "the tool itself needs 16M"
  awk 'BEGIN { for (i = 0; i < 300000; i++) for (t = 0; t < 2; t++)
    printf "{\"process\":%d,\"type\":\"%s\",\"f\":\"enqueue\",\"value\":%d}\n", i % 9, t ? "ok" : "invoke", i
  }' >big.jsonl
  # The shell's own bound, above ours: the tool ends by itself, with a verdict.
  status=0
  (ulimit -v 400000 && "$LOCKSTEP" check-history big.jsonl --max-memory 48M) >out 2>err || status=$?
  exits 5
  grep -q "the budget of memory (48 MiB) ended" out
  lockstep check-history big.jsonl --max-memory 1G
  exits 0
}

@test "a page that cannot be written takes nothing from the verdict, and leaves nothing" {
  cp "$LOCKSTEP_ROOT/tests/data/histories/gen/large/stack-c2-500-bad-reorder.jsonl" bad.jsonl
  mkdir page.html
  lockstep check-history bad.jsonl --html page.html
  exits 1
  has "$err" "--html: cannot write page.html: Is a directory"
  lockstep check-history bad.jsonl --html no/such/page.html
  exits 1
  has "$err" "No such file or directory"
  if [ -e /dev/full ]; then
    lockstep check-history bad.jsonl --html /dev/full
    exits 1
    has "$err" "No space left on device"
  fi
  echo kept >target.html
  ln -s target.html link.html
  lockstep check-history bad.jsonl --html link.html
  exits 1
  [ -L link.html ]
  grep -q '</html>' target.html
  [ -z "$(find . -name '*.partial')" ]
}
