# Whatever kills the process, and when: a file that has its name is whole. KILLS says how many (tests/hostile.sh).

load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

# killed MOST COMMAND...: ends it by SIGKILL within MOST milliseconds, if it has not ended by then.
killed() {
  local most=$1
  shift
  "$@" >/dev/null 2>&1 &
  local pid=$!
  sleep "0.$(printf '%03d' $((RANDOM * RANDOM % most)))"
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

@test "kill -9 at random moments leaves no torn file" {
  RANDOM=${HOSTILE_SEED:-$$}
  echo "HOSTILE_SEED=${HOSTILE_SEED:-$$}"
  {
    echo 'local lockstep = require "lockstep"'
    echo "lockstep.scenario('many failures', function()"
    echo '  local me = lockstep.self()'
    echo '  for i = 1, 4 do lockstep.spawn(lockstep.send, me, i) end'
    echo '  local order = ""'
    echo '  for _ = 1, 4 do order = order .. lockstep.recv() end'
    echo '  assert(order == "1234", "in the order " .. order)'
    echo 'end)'
  } >many.lua
  local history="$LOCKSTEP_ROOT/tests/data/histories/gen/large/queue-c4-500-bad-reorder.jsonl"
  local whole=0
  "$LOCKSTEP" check-history "$history" --html all.html >/dev/null || true
  [ -s all.html ]
  for ((i = 0; i < ${KILLS:-6}; i++)); do
    if [ $((i % 3)) -eq 0 ]; then
      killed 60 "$LOCKSTEP" check-history "$history" --html page.html
      [ ! -e page.html ] || cmp page.html all.html
      rm -f page.html
    else
      killed 250 "$LOCKSTEP" run many.lua --keep-going --strategy random --seed "$i" --trace-dir traces
      for trace in traces/*.lockstep; do
        [ -e "$trace" ] || continue
        lockstep dump --trace "$trace"
        exits 0
        whole=$((whole + 1))
      done
      rm -rf traces
    fi
  done
  echo "$whole traces were whole"
}
