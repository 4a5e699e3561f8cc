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

# Of all that a scenario can name, nothing may steer a terminal, hide, or end a line or a column.
@test "no command and no format hands on what steers a terminal or is not seen" {
  cat >evil.lua <<'LUA'
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local evil = "E\27[31m\u{202e}\u{200b}\u{feff}\u{e0041}\u{2028}\xff\u{9b}31m\t\n\r\0\127"
lockstep.scenario("name " .. evil, function()
  print(evil)
  lockstep.set_label(evil)
  lockstep.register("n" .. evil, lockstep.self())
  local t = ets.new(evil, { "public" })
  ets.insert(t, { evil, evil })
  lockstep.spawn(function(parent)
    lockstep.set_label("child " .. evil)
    lockstep.send(parent, { evil })
  end, lockstep.self())
  lockstep.recv()
  lockstep.choose { evil, evil }
  error("boom " .. evil)
end)
LUA
  local format command words
  lockstep run evil.lua
  exits 1
  [ "$(echo traces/*.shrunk.*)" = traces/evil-iter0-seed1.shrunk.lockstep ]
  for format in text ndjson; do
    for command in "run --races" verify "bench --seeds 1 --strategies pos" lint "list scenarios"; do
      read -ra words <<<"$command"
      "$LOCKSTEP" "${words[@]}" evil.lua --format "$format" || true
    done
    for command in dump replay shrink; do
      "$LOCKSTEP" "$command" traces/evil-iter0-seed1.lockstep --format "$format" || true
    done
  done >all 2>&1
  "$LOCKSTEP" bench evil.lua --seeds 1 --strategies pos --format markdown >>all
  "$LOCKSTEP" run evil.lua -vv >>all 2>&1 || true
  "$LOCKSTEP" dump traces/evil-iter0-seed1.lockstep --format events >events
  cat events >>all
  grep -q boom all
  iconv -f UTF-8 -t UTF-8 all >/dev/null
  [ -z "$(LC_ALL=C.UTF-8 grep -nP '[\x00-\x08\x0b-\x1f\x7f-\x9f\x{200b}\x{2028}\x{202e}\x{feff}\x{e0041}]' all)" ]
  [ "$(awk -F '\t' 'NF != 8' events | wc -l)" -eq 0 ]
}
