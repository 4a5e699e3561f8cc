# replay, shrink and dump: what is done with a trace, and with what is not one.
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  cp "$TOUR" scenario.lua
  "$LOCKSTEP" run scenario.lua --no-shrink >/dev/null || true
  trace=$(echo traces/*.lockstep)
}

@test "replay needs nothing but the trace" {
  rm scenario.lua
  lockstep replay --trace "$trace"
  exits 1
  has "$out" "reproduced the bug"
  has "$out" "<-- FAILED HERE"
  cp "$out" first 2>/dev/null || cp out first
  lockstep replay "$trace"
  diff first out
}

@test "replay on an edited file says whether the failure is still there" {
  lockstep replay "$trace" --scenario scenario.lua
  exits 1
  has "$out" "still fails"
  # The repair: one operation instead of two.
  sed -e '/lookup_element(counter, "n", 2)$/{/local n/{x;s/^/x/;/^x$/{x;d};x}}' -e 's/ets.insert(counter, { "n", n + 1 })/ets.update_counter(counter, "n", 1)/' scenario.lua >fixed.lua
  lockstep replay "$trace" --scenario fixed.lua
  [ "$status" -eq 0 ] || [ "$status" -eq 4 ]
}

@test "replay on an edited file goes by its options, where the edit changed them" {
  cat >unseen.lua <<'EOF'
local lockstep = require "lockstep"
lockstep.scenario("unseen", { drain = true }, function()
  lockstep.spawn(function() error("nobody sees this") end)
end)
EOF
  lockstep run unseen.lua --delivery async --no-shrink
  exits 1
  crash=$(echo traces/unseen*.lockstep)
  lockstep replay "$crash" --scenario unseen.lua
  exits 1
  sed 's/drain = true/drain = true, crashes = "allow"/' unseen.lua >allowed.lua
  lockstep replay "$crash" --scenario allowed.lua
  exits 0
  lockstep dump "$crash" --format ndjson
  has "$out" '"delivery":"async"'
}

@test "an edited file that misuses the API: exit 3, with the place" {
  sed 's/  assert(n == 2/  g = 1 assert(n == 2/' scenario.lua >misuse.lua
  lockstep replay "$trace" --scenario misuse.lua
  exits 3
  has "$err" "misuse.lua:22: the scenario wrote to the global 'g'"
}

@test "shrink writes a smaller trace beside the original" {
  lockstep shrink --trace "$trace"
  exits 0
  has "$out" " -> "
  [ -s "${trace%.lockstep}.shrunk.lockstep" ]
  lockstep replay "${trace%.lockstep}.shrunk.lockstep"
  exits 1
  lockstep shrink "$trace" --output small.lockstep
  [ -s small.lockstep ]
}

@test "dump calls a schedule minimal only if it was shown to be" {
  lockstep shrink "$trace" --output small.lockstep
  lockstep dump small.lockstep
  has "$out" "(1 deviation from the default schedule, a minimum)"
  lockstep shrink "$trace" --max-attempts 1 --output half.lockstep
  exits 5
  lockstep dump half.lockstep
  has "$out" "deviations from the default schedule)"
}

@test "dump prints text, events and ndjson without running anything" {
  lockstep dump "$trace"
  exits 0
  has "$out" "options:"
  has "$out" "FAILED HERE"
  lockstep dump "$trace" --format events
  exits 0
  [ "$(head -1 out | cut -f1)" = 1 ]
  lockstep dump "$trace" --format ndjson
  jq -e . out >/dev/null
}

@test "what is not a trace: exit 6, and the path is named" {
  echo "not a trace" >bad.lockstep
  for command in replay shrink dump; do
    lockstep "$command" bad.lockstep
    exits 6
    has "$err" "bad.lockstep"
    [ -z "$out" ]
  done
  lockstep replay missing.lockstep
  exits 6
  head -c 100 "$trace" >cut.lockstep
  lockstep replay cut.lockstep
  exits 6
}

@test "no trace given is a usage error" {
  lockstep replay
  exits 2
  has "$err" "no trace given"
}

@test "what is no file is refused at once, as trace, scenario and module, and so is what is too large" {
  mkfifo pipe
  mkdir folder
  ln -s pipe link
  truncate -s 300M large.lua
  local verb file
  for file in pipe link folder /dev/zero /dev/null; do
    for verb in dump replay shrink; do
      lockstep "$verb" "$file"
      exits 6
      has "$err" "not a file"
    done
    for verb in run verify lint bench 'list scenarios'; do
      # shellcheck disable=SC2086  # two words
      lockstep $verb "$file"
      exits 2
      if [ "$file" = folder ]; then has "$err" "no Lua file in this folder"; else has "$err" "not a file"; fi
    done
  done
  for verb in run lint; do
    lockstep "$verb" large.lua
    exits 2
    has "$err" "larger than 256 MiB"
  done
  mkfifo part.lua
  scenario uses.lua uses <<<'lockstep.yield()'
  sed -i '1a local part = require "part"' uses.lua
  lockstep run uses.lua
  exits 3
  has "$err" "part.lua"
  has "$err" "a pipe, not a file"
}

@test "a file is written through nobody's link, to no pipe that nobody reads, and to no folder" {
  echo precious >other
  ln -s "$PWD/other" small.lockstep.partial
  lockstep shrink "$trace" --output small.lockstep
  exits 0
  [ "$(cat other)" = precious ]
  lockstep dump small.lockstep
  exits 0
  mkfifo pipe
  lockstep shrink "$trace" --output pipe
  exits 6
  has "$err" "No such device or address"
  mkdir folder
  lockstep shrink "$trace" --output folder
  exits 6
  has "$err" "Is a directory"
}

@test "dump writes the formats of other tools" {
  lockstep dump "$trace" --format perfetto
  exits 0
  [ "$(jq '[.traceEvents[] | select(.ph == "X")] | length' out)" = "$("$LOCKSTEP" dump "$trace" --format events | wc -l)" ]
  # One clock a line before its event, of the form that ShiViz reads.
  lockstep dump "$trace" --format shiviz
  exits 0
  awk 'NR % 2' out | sed 's/^[^ ]* //' | jq -e 'all(.[]; . >= 1)' >/dev/null
  for format in mermaid:sequenceDiagram plantuml:@startuml "dot:digraph trace {"; do
    lockstep dump "$trace" --format "${format%%:*}"
    exits 0
    [ "${out%%$'\n'*}" = "${format#*:}" ]
  done
}

@test "a trace of an older version is refused where its steps mean something else now" {
  old="$LOCKSTEP_ROOT/traces/golden/v2/owes.lockstep"
  for command in "replay --trace" "shrink --trace" "dump --history out.jsonl --trace"; do
    lockstep $command "$old"
    exits 6
    has "$err" "format version 2, of a lockstep where the end of the root was no step if nothing else could come"
    has "$err" "lockstep run ver.lua --seed 1"
  done
  lockstep dump --trace "$old"
  exits 0
}

@test "the bytes of a trace do not depend on how busy the machine is" {
  # Steps long enough to be taken for a runaway, if the time were counted in which others run.
  scenario busy.lua busy <<'LUA'
  for _ = 1, 6 do
    for i = 1, 2e6 do local _ = i end
    lockstep.yield()
  end
  error("always")
LUA
  lockstep run busy.lua --strategy random --no-shrink --iterations 1 --trace-dir quiet
  exits 1
  "$LOCKSTEP" run busy.lua --strategy random --no-shrink --iterations 1 --trace-dir stopped >out 2>err &
  local run=$!
  while kill -STOP $run 2>/dev/null; do
    sleep 0.04
    kill -CONT $run || break
    sleep 0.01
  done
  wait $run || [ $? -eq 1 ]
  cmp quiet/busy-iter0-seed1.lockstep stopped/busy-iter0-seed1.lockstep
}
