# lockstep run: exit codes, streams, formats, traces, and what bad scenarios get.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

@test "a bug is found, recorded, and reported in the published order" {
  lockstep run "$TOUR" --strategy pos
  exits 1
  [ -z "$err" ]
  local trace
  trace=$(sed -n 's/^ *trace path: *//p' out)
  [[ "$trace" =~ ^traces/lost_update-iter[0-9]+-seed1\.lockstep$ ]]
  [ -s "$trace" ]
  [ -s "${trace%.lockstep}.shrunk.lockstep" ]
  grep -nE 'found a concurrency bug on iteration [0-9]+|^ +seed:|iter seed:|strategy:|trace path:|Reason:|Schedule:|FAILED HERE|lockstep replay --trace ' out |
    cut -d: -f1 >order
  [ "$(wc -l <order)" -eq 9 ]
  sort -n -c order
}

@test "the same command prints the same, whatever the number of workers" {
  for jobs in 1 2 4; do
    "$LOCKSTEP" run "$TOUR" --seed 7 --keep-going --iterations 2000 -j "$jobs" | grep -v '^  rate:' >"out$jobs"
  done
  diff out1 out2
  diff out1 out4
}

@test "what shrinking comes to depends on no clock" {
  # Its schedules that pass are long, so that the budget ends before all of them are tried.
  for n in 1 2; do
    "$LOCKSTEP" run "$LOCKSTEP_ROOT/scenarios/bugs/unfair_lock.lua" --strategy pos --quiet >"out$n" || true
    mv traces "traces$n"
  done
  diff out1 out2
  diff -r traces1 traces2
}

@test "a byte order mark and a first line with # are no part of the scenario" {
  { printf '\xef\xbb\xbf#!/usr/bin/env lua5.4\n'; cat "$TOUR"; } >marked.lua
  { printf '#!/usr/bin/env lua5.4\nreturn 1\n'; } >helper.lua
  echo 'require "helper"' >>marked.lua
  lockstep run marked.lua
  exits 1
  has "$out" "assertion at marked.lua:23"
  has "$out" "   23 |   assert(n == 2"
  lockstep lint marked.lua
  exits 0
}

@test "what a scenario calls things does not steer the terminal or break lines" {
  {
    echo 'local lockstep = require "lockstep" -- '$'\e''[31m'
    echo 'lockstep.scenario("one\ntwo \27[31m", function()'
    echo '  lockstep.spawn(function() lockstep.set_label("a\nb\27[2J\127") lockstep.yield() end)'
    echo '  lockstep.yield()'
    echo '  assert(false, "no \u{9b}31m") --'$'\e''[31m'
    echo 'end)'
  } >steer.lua
  lockstep run steer.lua --no-slice
  exits 1
  has "$out" "P1(a?b?[2J?)"
  ! LC_ALL=C grep -P '[\x00-\x08\x0b-\x1f\x7f]|\xc2\x9b' out
  [ "$("$LOCKSTEP" dump traces/*.shrunk.lockstep --format events | grep -vcP '^\d+\t')" -eq 0 ]
  lockstep list scenarios steer.lua
  [ "$out" = "steer.lua:2: one two ?[31m" ]
}

@test "places are found whatever the file is called" {
  local long
  long=$(printf 'name%.0s' {1..30}).lua
  for file in 'a: b.lua' "$long"; do
    sed 's/assert(n == 2.*/if n ~= 2 then return nil + 1 end/' "$TOUR" >"$file"
    lockstep run "$file" --full
    exits 1
    has "$(tr -s '\n ' ' ' <<<"$out")" "assertion at $file:22"  # the name is never broken, its line may be
    has "$out" "   22 |   if n ~= 2"
  done
}

@test "a message that quotes another error is told whole, and one bug is one" {
  scenario quotes.lua quotes <<'LUA'
  local ok, e = pcall(function() local x; return x.y end)
  assert(ok, "client " .. lockstep.choose(30) .. " failed with " .. tostring(e))
LUA
  lockstep run quotes.lua --keep-going --iterations 200
  exits 1
  has "$out" "failed with quotes.lua:"
  has "$out" ": attempt to index a nil value"
  [ "$(grep -c 'signature:' <<<"$out")" -eq 1 ]
}

@test "a message that begins with a place that Lua has not put there is told whole, and where it was raised" {
  scenario begins.lua begins <<'LUA'
  local how = lockstep.choose(4)
  if how == 1 then error("other.lua:7: refused") end
  if how == 2 then assert(false, "other.lua:7: refused") end
  if how == 3 then error("begins.lua:3: refused") end
  lockstep.spawn(function() error("other.lua:7: refused") end)
  lockstep.sleep(1)
LUA
  lockstep run begins.lua --keep-going --no-shrink
  exits 1
  has "$out" "  Reason:      other.lua:7: refused"
  has "$out" "  Reason:      begins.lua:3: refused"
  has "$out" "supervises it: other.lua:7: refused"
  local line
  for line in 4 5 6; do has "$out" "signature:   assertion at begins.lua:$line"; done
  has "$out" "signature:   crash at begins.lua:7"
}

@test "nothing found: exit 0, and it is said that this is no proof" {
  scenario clean.lua clean <<<'lockstep.spawn(function() end)'
  lockstep run clean.lua --strategy pos
  exits 0
  has "$out" "no failure found"
  has "$out" "1,000 with pos"
  has "$out" "not a proof"
  [ ! -e traces ]
  lockstep run clean.lua -q
  exits 0
  [ -z "$out" ]
}

@test "an exhaustive strategy says when every schedule was executed" {
  scenario clean.lua clean <<<'lockstep.spawn(function() end)'
  lockstep run clean.lua --strategy dfs
  exits 0
  has "$out" "Every schedule was executed"
}

@test "ndjson: one object a line, framed, with the figures of the text" {
  lockstep run "$TOUR" --format ndjson
  exits 1
  jq -e . out >/dev/null
  [ "$(jq -r .type out | head -1)" = run ]
  [ "$(jq -r .type out | tail -1)" = summary ]
  [ "$(jq -r 'select(.type == "run") | .schema' out)" = 1 ]
  [ "$(jq -r 'select(.type == "failure") | .verdict' out)" = assertion ]
  [ "$(jq -r 'select(.type == "failure") | .schedule.steps[-1].failed_here' out)" = true ]
  [ "$(jq -r 'select(.type == "summary") | .exit_code' out)" = 1 ]
  [ -s "$(jq -r 'select(.type == "failure") | .trace_path' out)" ]
}

@test "a scenario that expects its failure passes by failing" {
  sed 's/lockstep.scenario("lost update", /&{ expect = "assertion" }, /' "$TOUR" >expected.lua
  lockstep run expected.lua
  exits 0
  has "$out" "failed as expected"
  echo 'local lockstep = require "lockstep" lockstep.scenario("calm", { expect = "deadlock" }, function() end)' >calm.lua
  lockstep run calm.lua
  exits 1
  has "$out" "expected to fail (deadlock), but did not"
  scenario both.lua both <<'LUA'
  assert(lockstep.choose(2) == 1, "not expected")
  lockstep.recv()
LUA
  sed -i 's/scenario("both", /&{ expect = "deadlock" }, /' both.lua
  lockstep run both.lua --keep-going --strategy dfs
  exits 1
  has "$out" "both: 2 failures found, 1 of them as expected"
}

@test "a scenario's options lie under the flags, and unknown ones are named" {
  echo 'local lockstep = require "lockstep" lockstep.scenario("calm", { iterations = 7 }, function() end)' >calm.lua
  lockstep run calm.lua
  has "$out" "7 with auto"
  lockstep run calm.lua --iterations 9
  has "$out" "9 with auto"
  echo 'local lockstep = require "lockstep" lockstep.scenario("calm", { iteration = 7 }, function() end)' >wrong.lua
  lockstep run wrong.lua
  exits 3
  has "$err" "wrong.lua:1: scenario \"calm\" has an unknown option 'iteration'"
  has "$err" "did you mean iterations?"
}

@test "files that cannot be loaded: exit 3 with file and line" {
  printf 'local lockstep = require "lockstep"\nlocal x = = 1\n' >syntax.lua
  lockstep run syntax.lua
  exits 3
  [ -z "$out" ]
  has "$err" "syntax.lua:2"
  echo 'local lockstep = require "lockstep"' >empty.lua
  lockstep run empty.lua
  exits 3
  has "$err" "empty.lua"
  printf 'local lockstep = require "lockstep"\nerror("at load")\n' >raises.lua
  lockstep run raises.lua
  exits 3
  has "$err" "raises.lua:2"
  printf 'local lockstep = require "lockstep"\nerror({code = 5})\n' >value.lua
  lockstep run value.lua
  exits 3
  has "$err" "value.lua:2: table"
  echo 'return require "two"' >one.lua
  echo 'return require "one"' >two.lua
  lockstep run one.lua
  exits 3
  has "$err" "one.lua:1: module 'two' requires itself, or failed before"
}

@test "file-level code that does not end is ended, whatever it catches" {
  echo 'while true do pcall(function() while true do end end) end' >catches.lua
  echo 'while true do coroutine.resume(coroutine.create(function() while true do end end)) end' >resumes.lua
  for file in catches resumes; do
    lockstep run "$file.lua"
    exits 3
    has "$err" "$file.lua:1: file-level code runs for more than 200 million instructions"
  done
}

@test "one call of a library's function that does not end is ended, and the verdict says that it was by the clock" {
  local number=0 call
  while IFS= read -r call; do
    number=$((number + 1))
    printf 'lockstep.yield()\npcall(function()\n%s\nend)\n' "$call" | scenario "c$number.lua" calls
    timeout 60 "$LOCKSTEP" run "c$number.lua" --max-compute 100ms --iterations 2 >out 2>err || true
    out=$(cat out)
    has "$out" "runaway: P0(root) performed no operation within 0.1 s of CPU time (--max-compute; by the clock"
    has "$out" "runaway at c$number.lua:5"
  done <<'END'
string.rep("", 1 << 62)
table.move({}, 1, 1 << 62, 2)
string.find(("a"):rep(40), ("a*"):rep(20) .. "b")
string.gsub(("a"):rep(40), ("a*"):rep(20) .. "b", "")
for _ in string.gmatch(("a"):rep(40), ("a*"):rep(20) .. "b") do end
table.concat(setmetatable({}, { __len = function() return 1 << 62 end, __index = function() return "" end }))
table.remove(setmetatable({}, { __len = function() return 1 << 62 end }), 1)
load("local x if x then " .. ("elseif x then "):rep(200000) .. "end")
local s = ("x"):rep(50000000) for _ = 1, 1e7 do s:find("y", 1, true) end
coroutine.wrap(function() string.rep("", 1 << 62) end)()
END
}

@test "what ran away by the clock is replayed with the same limit" {
  scenario slow.lua slow <<<'string.rep("", 1 << 62)'
  lockstep run slow.lua --max-compute 100ms --iterations 2
  exits 1
  lockstep replay --trace traces/slow-iter0-seed1.lockstep
  exits 1
  has "$out" "within 0.1 s of CPU time"
}

@test "the limits on computing are flags and options" {
  scenario slow.lua slow <<<'for _ = 1, 1000000 do end'
  lockstep run slow.lua --iterations 2
  exits 0
  scenario loop.lua loop <<<'while true do end'
  lockstep run loop.lua --max-instructions 5000 --iterations 2
  exits 1
  has "$out" "within 5000 instructions"
  lockstep run loop.lua --max-instructions 10
  exits 2
  has "$err" "--max-instructions"
}

@test "file-level code that does not come back from one call, or nests too deep, is ended" {
  echo 'string.rep("", 1 << 62)' >rep.lua
  echo 'local s = ("x"):rep(50000000) for _ = 1, 1e7 do pcall(s.find, s, "y", 1, true) end' >finds.lua
  for file in rep finds; do
    lockstep run "$file.lua"
    exits 3
    has "$err" "$file.lua:1: file-level code runs for"
  done
  echo 'local function f() return (("a"):gsub("a", f)) end f()' >deep.lua
  lockstep run deep.lua
  exits 3
  has "$err" "deep.lua:1: "
  has "$err" "C stack overflow"
}

@test "a file that is wrong stops none of the others; a flag that is wrong stops all" {
  printf 'x = = 1\n' >syntax.lua
  lockstep run "$TOUR" syntax.lua --strategy pso
  exits 2
  lockstep run "$TOUR" nowhere.lua
  exits 2
  [ ! -e traces ]
  lockstep run "$TOUR" syntax.lua --no-shrink
  exits 3
  has "$err" "syntax.lua:1:"
  has "$out" "found a concurrency bug"
}

@test "writing file-level state is misuse: exit 3, on stderr, with the variable's name" {
  printf 'local lockstep = require "lockstep"\nlockstep.scenario("s", function()\n  shared = 1\nend)\n' >global.lua
  lockstep run global.lua
  exits 3
  has "$err" "shared"
  has "$err" "global.lua:3"
}

@test "a trace that cannot be written does not cost the report" {
  touch notafolder
  lockstep run "$TOUR" --trace-dir notafolder
  [ "$status" -ne 0 ]
  has "$out" "found a concurrency bug"
  has "$err" "notafolder"
}

@test "the replay command is one that a shell takes, of a trace that is there" {
  lockstep run "$TOUR" --trace-dir "a 'b"
  exits 1
  local command
  command=$(sed -n 's/^  Replay with: lockstep //p' out)
  eval "lockstep $command"
  exits 1
  has "$out" "reproduced the bug"
  mkdir -p taken/lost_update-iter0-seed1.shrunk.lockstep
  lockstep run "$TOUR" --trace-dir taken --format ndjson
  exits 1
  has "$err" "taken/lost_update-iter0-seed1.shrunk.lockstep"
  [ "$(tail -1 <<<"$out" | jq .exit_code)" -eq 1 ]
  lockstep run "$TOUR" --trace-dir taken
  exits 1
  lacks "$out" "shrunk to:"
  has "$out" "Replay with: lockstep replay --trace taken/lost_update-iter0-seed1.lockstep"
}

@test "a full disk behind stdout is an error, a reader that leaves is not" {
  [ -e /dev/full ] || skip
  "$LOCKSTEP" run "$TOUR" >/dev/null || true
  local trace=traces/lost_update-iter0-seed1.lockstep format line words
  for format in text ndjson; do
    for line in "run $TOUR" "verify $TOUR" "replay $trace" "shrink $trace" "dump $trace" "lint $TOUR" \
      "bench $TOUR --seeds 1 --strategies pos" "list strategies" version; do
      read -ra words <<<"$line"
      status=0
      "$LOCKSTEP" "${words[@]}" --format "$format" >/dev/full 2>err || status=$?
      [ "$status" -eq 6 ] || { echo "$line --format $format: exit code $status"; return 1; }
      has "$(cat err)" "cannot write to standard output: No space left on device"
      has "$(cat err)" "hint: make room there"
    done
  done
  run bash -c '"$LOCKSTEP" run "$1" --keep-going 2>&1 | head -1' _ "$TOUR"
  [ "$status" -eq 0 ]
  has "$output" "found a concurrency bug"
}

@test "--no-shrink, --no-slice and its variable" {
  lockstep run "$TOUR" --no-shrink --no-slice
  exits 1
  lacks "$out" "shrunk to:"
  has "$out" "Schedule:    all"
  LOCKSTEP_NO_CAUSAL_SLICE=1 lockstep run "$TOUR" --no-shrink
  has "$out" "Schedule:    all"
}

@test "--check-determinism runs everything twice" {
  lockstep run "$TOUR" --check-determinism --iterations 200 --keep-going
  exits 1
  has "$out" "ran twice, all alike"
}

@test "--time stops a run" {
  scenario clean.lua clean <<<'lockstep.spawn(function() end)'
  lockstep run clean.lua --time 200ms --strategy pos
  exits 0
  has "$out" "the time is up"
}

@test "a seed may be a commit id, and is printed as a number" {
  lockstep run "$TOUR" --seed 00000000000000ff000000000000000000000000
  has "$out" "seed:        255"
}

@test "what a failing execution printed is shown with it, and again by replay; a passing one shows nothing" {
  cat >prints.lua <<'EOF'
local lockstep = require "lockstep"
local function worker(n)
  print("working on", n, { 1, x = "y" })
  return lockstep.send(lockstep.self(), n)
end
lockstep.scenario("prints", function()
  lockstep.spawn(worker, lockstep.choose(2))
  lockstep.spawn(function() lockstep.yield() end)
  lockstep.yield()
  assert(not lockstep.choose({ false, true }), "it failed")
end)
EOF
  lockstep run prints.lua --strategy dfs
  exits 1
  has "$out" "printed:"
  grep -qE '^ +step [0-9]+ P1\(worker\): working on	[12]	\{1, x = "y"\}$' <<<"$out"
  has "$out" "P2(fn:8)"  # a function without a name, by its line
  lockstep replay --trace "$(echo traces/*seed1.lockstep)"
  exits 1
  has "$out" "working on"
  echo 'local lockstep = require "lockstep" lockstep.scenario("fine", function() print("invisible") end)' >fine.lua
  lockstep run fine.lua --iterations 10
  exits 0
  lacks "$out$err" "invisible"
}

@test "more memory than a machine has is refused" {
  scenario clean.lua clean <<<'lockstep.yield()'
  lockstep run clean.lua --max-memory 2G
  exits 2
  has "$err" "--max-memory must be at most 1G"
  lockstep run clean.lua --max-memory 1G --iterations 1
  exits 0
}

@test "a loop without end that needs a schedule is shrunk to a minimum" {
  scenario loops.lua loops <<'EOF'
  local a = lockstep.atomics.new(2)
  for _ = 1, 3 do lockstep.spawn(function() lockstep.atomics.add(a, 2, 1) lockstep.atomics.add(a, 2, 1) end) end
  lockstep.spawn(function() lockstep.atomics.put(a, 1, 1) lockstep.atomics.put(a, 1, 2) end)
  lockstep.yield() lockstep.yield()
  if lockstep.atomics.get(a, 1) == 1 then while true do end end
EOF
  lockstep run loops.lua --strategy random --no-shrink
  exits 1
  lockstep shrink traces/loops-iter*.lockstep
  exits 0
  has "$out" "runaway"
  has "$out" "minimum: no smaller set of deviations fails"
}

@test "what fails under every schedule is not called a concurrency bug" {
  scenario always.lua "always" <<<'lockstep.spawn(function() lockstep.yield() end) lockstep.yield() error("wrong", 0)'
  lockstep run always.lua
  exits 1
  has "$out" "always: fails on iteration 0, and under every schedule tried (21)"
  lacks "$out" "concurrency bug"
  lockstep run always.lua --format ndjson
  [ "$(jq 'select(.type == "failure") | .schedules_all_failing' <<<"$out")" -eq 21 ]
  lockstep verify always.lua --keep-going
  has "$out" "and under every schedule tried"
  lockstep run "$TOUR" --format ndjson
  [ "$(jq 'select(.type == "failure") | .schedules_all_failing' <<<"$out")" -eq 0 ]
  lockstep run "$TOUR"
  has "$out" "found a concurrency bug on iteration"
}

@test "a misspelt function: the report says what was meant, and nothing else changes" {
  cat >misspelt.lua <<'LUA'
local lockstep = require "lockstep"
local gen_server = require "lockstep.gen_server"
local server = { start = function() end }
lockstep.scenario("field", function() lockstep.spwan(print) end)
lockstep.scenario("module", function() lockstep.ets.isnert(1) end)
lockstep.scenario("parameter", function(l) l = lockstep l.spwan(print) end)
lockstep.scenario("own", function() server.strat() end)
lockstep.scenario("global", function() primt(1) end)
lockstep.scenario("method", function() return ("x"):uper() end)
lockstep.scenario("callback", { crashes = "abort" }, function()
  local s = gen_server.start({
    init = function() return "ok", 1 end,
    handle_cast = function() lockstep.sefl() end,
  }, 1)
  gen_server.cast(s, 1)
  lockstep.recv()
end)
lockstep.scenario("far", function() server.quicksort() end)
lockstep.scenario("caught", function()
  local ok, e = pcall(function() lockstep.spwan(print) end)
  assert(not ok and e == "misspelt.lua:20: attempt to call a nil value (field 'spwan')", e)
end)
LUA
  lockstep run misspelt.lua --iterations 20 --format ndjson -q
  exits 1
  meant() { jq -r --arg s "$1" 'select(.type == "failure" and .scenario == $s) | "\(.reason) | \(.signature) | \(.detail)"' out; }
  has "$(meant field)" "attempt to call a nil value (field 'spwan') | assertion at misspelt.lua:4 |   did you mean lockstep.spawn?"
  has "$(meant module)" "|   did you mean lockstep.ets.insert?"
  has "$(meant parameter)" "|   did you mean lockstep.spawn?"
  has "$(meant own)" "|   did you mean server.start?"
  has "$(meant global)" "|   did you mean print?"
  has "$(meant method)" "|   did you mean string.upper?"
  has "$(meant callback)" "|   did you mean lockstep.self?"
  has "$(meant far)" "(field 'quicksort')"
  lacks "$(meant far)" "did you mean"
  [ -z "$(meant caught)" ]
  lockstep run misspelt.lua --only =field --iterations 20
  has "$out" $'  in:          P0(root)\n      did you mean lockstep.spawn?\n'
}

@test "a missing callback is named, with the exit reason that OTP has" {
  cat >missing.lua <<'LUA'
local lockstep = require "lockstep"
local gen_server, gen_statem = require "lockstep.gen_server", require "lockstep.gen_statem"
local supervisor, dynamic_supervisor = require "lockstep.supervisor", require "lockstep.dynamic_supervisor"
local function init() return "ok", "s", 1 end
local function crashing(name, behaviour, mod)
  lockstep.scenario(name, { crashes = "abort" }, function()
    behaviour.cast(behaviour.start(mod, 1), 1)
    lockstep.recv()
  end)
end
crashing("cast", gen_server, { init = function() return "ok", 1 end })
crashing("continue", gen_server, { init = function() return "ok", 1, { "continue", 2 } end })
crashing("event", gen_statem, { callback_mode = "handle_event_function", init = init })
crashing("state", gen_statem, { callback_mode = "state_functions", init = init })
crashing("mode", gen_statem, { init = init })
local function undef(reason, name)
  assert(reason[1] == "undef" and #reason == 2 and #reason[2] == 1 and reason[2][1]:find(" " .. name, 1, true), name)
end
lockstep.scenario("reasons", function()
  lockstep.flag("trap_exit", true)
  local p, ref = gen_server.start_monitor({ init = function() return "ok", 1 end }, 1)
  local ok, e = pcall(gen_server.call, p, "x")
  assert(not ok and e.class == "exit" and e.reason[2][1] == "gen_server")
  undef(e.reason[1], "handle_call/3")
  undef(lockstep.recv_first({ "DOWN", ref, "process", p, lockstep.any })[5], "handle_call/3")
  local function start(f, mod, name)
    local pid, why = f(mod, 1)
    assert(pid == nil)
    undef(why, name)
  end
  start(gen_server.start, { handle_call = init }, "init/1")
  local none, plain = gen_statem.start({ callback_mode = "state_functions" }, 1)
  assert(none == nil and plain == "undef")  -- of init, gen_statem gives no stack
  start(supervisor.start_link, { start_link = init }, "init/1")
  start(dynamic_supervisor.start_link, { start_link = init }, "init/1")
  local sup = supervisor.start_link({}, {})
  local pid, why = supervisor.start_child(sup, { id = 1, start = { { other = init }, "start_link", { 1, 2 } } })
  assert(pid == nil and why[1][1] == "EXIT")
  undef(why[1][2], "start_link/2")
end)
LUA
  lockstep run missing.lua --iterations 20 --format ndjson -q
  said() { jq -r --arg s "$1" 'select(.type == "failure" and .scenario == $s) | .reason' out; }
  has "$(said cast)" ": undef: the module of this gen_server has no function handle_cast/2"
  has "$(said continue)" ": undef: the module of this gen_server has no function handle_continue/2"
  has "$(said event)" ": undef: the module of this gen_statem has no function handle_event/4"
  has "$(said state)" ": undef: the module of this gen_statem has no function s/3"
  has "$(said mode)" ": undef: the module of this gen_statem has no function callback_mode/0"
  [ -z "$(said reasons)" ]
}

@test "a matcher that raises is no match; a deadlock says what it raised" {
  scenario raises.lua raises <<'LUA'
lockstep.send(lockstep.self(), "text")
lockstep.recv_first(function(m) return m.kind.name == "x" end)
LUA
  scenario clauses.lua clauses <<'LUA'
lockstep.send(lockstep.self(), "text")
lockstep.receive { { lockstep.any, print, when = function(m) return m.kind.name == "x" end } }
LUA
  for file in raises clauses; do
    lockstep run "$file.lua" --iterations 20
    exits 1
    has "$out" "deadlock: P0(root) can never go on"
    has "$out" "(its matcher raised, which is no match: $file.lua:4: attempt to index a nil value (field 'kind'))"
  done
}

@test "one process has one name within a report, whenever it was named" {
  scenario named.lua named <<'LUA'
local gen_server = require "lockstep.gen_server"
local function worker(main)
  lockstep.send(main, lockstep.self())
  lockstep.recv()
  lockstep.register("boss", lockstep.self())
  lockstep.set_label("chief")
  lockstep.send(main, "ready")
  print(lockstep.self())
  lockstep.recv()
  error("from " .. tostring(lockstep.self()))
end
local p = lockstep.spawn(worker, lockstep.self())
lockstep.recv()
lockstep.send(p, "go")
lockstep.recv()
local s = gen_server.start("srv", { init = function() return "ok", 1 end }, 1)
lockstep.send("boss", s)
lockstep.recv()
LUA
  sed -i '1a local gen_server = require "lockstep.gen_server"' named.lua && sed -i '4d' named.lua
  lockstep run named.lua --iterations 20 --no-shrink --full --trace-dir .
  exits 1
  has "$out" "Reason:      process P1(chief) crashed and nobody links to, monitors or supervises it: from P1(chief)"
  [ "$(grep -oE 'P[0-9.]+\([a-z_]+\)' out | sort -u | paste -sd' ')" = "P0(root) P1(chief) P2(srv)" ]
  local trace
  trace=$(ls ./*.lockstep | head -1)
  lockstep replay --trace "$trace" --full
  exits 1
  [ "$(grep -oE 'P[0-9.]+\([a-z_]+\)' out | sort -u | paste -sd' ')" = "P0(root) P1(chief) P2(srv)" ]
  lockstep run named.lua --iterations 20 --trace-dir . --format ndjson
  lacks "$out" "P1(worker)"
  lacks "$out" "P1(boss)"
}

@test "a badarg says which argument of which function is what, also when it is raised again" {
  cat >bad.lua <<'LUA'
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
lockstep.scenario("table", function() ets.insert("users", { 1 }) end)
lockstep.scenario("name", function() lockstep.send("nobody", 1) end)
lockstep.scenario("option", function() ets.new("t", { "public", "sett" }) end)
lockstep.scenario("again", function()
  local t = ets.new("t", {})
  local ok, problem = pcall(ets.lookup_element, t, "k", 2)
  assert(not ok and problem.reason == "badarg" and problem.class == "error" and problem.argument == nil)
  pcall(lockstep.link, 5)
  ok, problem = pcall(ets.lookup_element, t, { "a", 7 }, 2)
  error(problem, 0)
end)
lockstep.scenario("another", function()
  pcall(lockstep.link, 5)
  lockstep.error("badarg")
end)
LUA
  lockstep run bad.lua --no-shrink
  exits 1
  [ "$(grep Reason: <<<"$out" | sed 's/ *Reason: *//')" = 'badarg: ets.insert, argument 1, "users": no such table (any more)
badarg: lockstep.send, argument 1, "nobody": nobody has this name
badarg: ets.new, argument 2, {"public", "sett"}, element 2: no such option
badarg: ets.lookup_element, argument 2, {"a", 7}: no row has this key
badarg' ]
}
