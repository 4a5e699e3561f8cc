# Colour, progress and ^C: what depends on there being a terminal.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

on_terminal() { script -qec "$*" /dev/null </dev/null; }

@test "colour on a terminal, unless the environment or the flag says no" {
  esc=$'\e['
  has "$(TERM=xterm on_terminal "'$LOCKSTEP' run '$TOUR'")" "$esc"
  lacks "$(TERM=xterm NO_COLOR=1 on_terminal "'$LOCKSTEP' run '$TOUR' --no-progress")" "$esc"
  lacks "$(TERM=dumb on_terminal "'$LOCKSTEP' run '$TOUR'")" "$esc"
  lacks "$(TERM=xterm on_terminal "'$LOCKSTEP' run '$TOUR' --color never --no-progress")" "$esc"
}

@test "no colour in a pipe, unless it is asked for" {
  lockstep run "$TOUR"
  lacks "$out" $'\e['
  lockstep run "$TOUR" --color always
  has "$out" $'\e['
  FORCE_COLOR=1 lockstep run "$TOUR"
  has "$out" $'\e['
}

@test "progress is a rewritten line on a terminal and silent in a short piped run" {
  scenario clean.lua clean <<<'lockstep.spawn(function() end)'
  has "$(TERM=xterm CI= on_terminal "'$LOCKSTEP' run clean.lua --strategy random --time 1s")" $'\r\e[K'
  lockstep run clean.lua --strategy random --time 300ms
  [ -z "$err" ]
  scenario steers.lua 'one\ntwo \27[2J' <<<'lockstep.spawn(function() end)'
  has "$(TERM=xterm CI= on_terminal "'$LOCKSTEP' run steers.lua --strategy random --time 1s")" $'\r\e[Kone two ?[2J'
}

# left OPTIONS...: the seconds left, as the first line of progress tells them.
left() { TERM=xterm CI= on_terminal "'$LOCKSTEP' run clean.lua --strategy random $*" | tr '\r' '\n' | grep -o '[0-9]* s left' | head -n 1; }

@test "progress says how much is left of the budget that ends first" {
  scenario clean.lua clean <<<'lockstep.spawn(function() end)'
  [ "$(left --time 2s)" = "2 s left" ]
  [ "$(left --time 2s -n 1000000000)" = "2 s left" ]
}

@test "progress tells the classes seen, and how many there are at least" {
  scenario four.lua four <<<'for i = 1, 2 do lockstep.spawn(lockstep.send, lockstep.self(), i) end lockstep.recv() lockstep.recv()'
  TERM=xterm CI= on_terminal "'$LOCKSTEP' run four.lua --strategy random --time 1s" | tr '\r' '\n' >seen
  grep -qE '[0-9,]+ executions, .*, 2 classes seen of at least 2, [01] s left' seen
}

interrupted_run() {  # interrupted_run SIGNAL
  "$LOCKSTEP" run clean.lua --strategy random --time 60s --no-progress >out 2>err &
  local pid=$!
  sleep 0.7
  kill -"$1" "$pid"
  status=0
  wait "$pid" || status=$?
}

@test "the first ^C writes what there is and exits with 130" {
  scenario clean.lua clean <<<'lockstep.spawn(function() end)'
  for signal in INT TERM; do
    # bash starts background jobs with SIGINT ignored; our handler replaces that
    interrupted_run "$signal"
    [ "$status" -eq 130 ]
    grep -q "interrupted" out
    grep -qE 'iterations: +[0-9,]+ with' out
  done
}

@test "a signal that comes twice at once is one request, as timeout sends it" {
  scenario clean.lua clean <<<'lockstep.spawn(function() end)'
  "$LOCKSTEP" run clean.lua --strategy random --time 60s --no-progress >out 2>err &
  local pid=$!
  sleep 0.7
  for _ in {1..10}; do kill -TERM "$pid" 2>/dev/null || true; done
  status=0
  wait "$pid" || status=$?
  [ "$status" -eq 130 ]
  grep -q "interrupted" out
}

@test "check-history, too, ends at the first ^C" {
  # A queue whose values repeat, all operations at the same time: nobody knows a fast way.
  awk 'BEGIN {
    n = 30; form = "{\"process\":%d,\"type\":\"%s\",\"f\":\"%s\",\"value\":%s}\n"
    for (p = 0; p < n; p++) {
      printf form, p, "invoke", "enqueue", p % 15
      printf form, n + p, "invoke", "dequeue", "null"
    }
    for (p = 0; p < n; p++) {
      printf form, p, "ok", "enqueue", p % 15
      printf form, n + p, "ok", "dequeue", p % 15 == 3 ? 4 : p * 7 % 15
    }
  }' >hard.jsonl
  "$LOCKSTEP" check-history hard.jsonl --model queue >out 2>err &
  local pid=$!
  sleep 0.7
  kill -TERM "$pid"
  status=0
  wait "$pid" || status=$?
  [ "$status" -eq 130 ]
  grep -q "unknown (linearizable" out
  grep -q "interrupted: the results above are partial" err
}

@test "findings before ^C are reported with their traces" {
  "$LOCKSTEP" run "$TOUR" --strategy random --keep-going --time 60s --no-progress --format ndjson >out 2>err &
  local pid=$!
  sleep 0.7
  kill -TERM "$pid"
  status=0
  wait "$pid" || status=$?
  [ "$status" -eq 130 ]
  [ -s "$(jq -r 'select(.type == "failure") | .trace_path' out)" ]
  [ "$(jq -r 'select(.type == "summary") | .interrupted' out)" = true ]
}
