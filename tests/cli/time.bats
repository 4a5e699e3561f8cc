# --time, ^C and what else ends a command: kept wherever it is, and what there is by then is told. The tests allow a second
# for a busy machine, where it is a fifth of one on an idle one.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

now() { date +%s%3N; }

# within MS COMMAND...: runs lockstep, which has to have ended after MS milliseconds and one second.
within() {
  local began most=$(($1 + 1000))
  shift
  began=$(now)
  lockstep "$@"
  began=$(($(now) - began))
  [ "$began" -lt "$most" ] || { echo "took $began ms instead of $most: $*"; return 1; }
}

# signalled SIGNAL COMMAND...: sends it half a second after lockstep has started; $status, $out, $err, and $took: how long it
# took then, in milliseconds.
signalled() {
  local signal=$1 pid
  shift
  "$LOCKSTEP" "$@" >out 2>err &
  pid=$!
  sleep 0.5
  took=$(now)
  kill -"$signal" "$pid" || { echo "it had ended: $*"; return 1; }
  status=0
  wait "$pid" || status=$?
  took=$(($(now) - took))
  out=$(cat out) err=$(cat err)
  [ "$took" -lt 1000 ] || { echo "took $took ms: $*"; return 1; }
}

# Fails after about 10 s of computing, whatever it may take.
slow() {
  scenario slow.lua slow <<'LUA'
  for i = 1, 50 do local t = {} for j = 1, 3e6 do t[j % 1000] = { j } end lockstep.yield() end
  error("at last")
LUA
}
NO_LIMITS=(--max-compute 1000 --max-instructions 1000000000000)

@test "--time is kept while a failure is confirmed and shrunk, and its trace is written" {
  scenario fails.lua fails <<'LUA'
  local n = 0
  for i = 1, 2e7 do n = n + 1 end
  lockstep.yield()
  if lockstep.recv(0) ~= nil then return end
  error("found")
LUA
  # It fails once in the time, and is too slow to be run a second time in a tenth of that.
  lockstep run fails.lua -n 1 --no-shrink
  exits 1
  local began
  began=$(now)
  lockstep run fails.lua -n 1 --no-shrink
  local once=$((($(now) - began) / 3))  # the walk, its recording, and who is who in it
  within $((once * 3 / 2)) run fails.lua --time "$((once * 3 / 2))ms" --trace-dir cut
  if [ "$status" -eq 1 ]; then
    has "$out" "found"
    has "$out" "not shrunk:"
    local trace=cut/fails-iter0-seed1.lockstep
    lockstep replay --trace "$trace"
    exits 1
  else
    exits 5
  fi
}

@test "--time is kept inside executions that are long, and by verify, too" {
  local oneexec=$LOCKSTEP_ROOT/tests/data/hostile/oneexec.lua
  within 1000 run "$oneexec" --time 1s
  within 1000 verify "$oneexec" --time 1s
  within 1000 verify "$oneexec" --total-time 1s
}

@test "verify of an execution of 300,000 steps ends, and --time and ^C are kept in longer ones" {
  scenario steps.lua steps <<<'for _ = 1, 300000 do lockstep.yield() end'
  lockstep verify steps.lua --max-steps 1000000 --total-time 60s
  exits 0
  # Each execution has more races than can be looked at in the time, with sequences that are as long as itself.
  scenario races.lua races <<'LUA'
  local me, t = lockstep.self(), lockstep.ets.new("t", { "public" })
  for k = 1, 4 do
    lockstep.spawn(function()
      for i = 1, 20000 do lockstep.ets.insert(t, { "a", i * 10 + k }) end
      lockstep.send(me, "done")
    end)
  end
  for _ = 1, 4 do lockstep.recv() end
LUA
  local how
  for how in none unobserved-sends all; do
    within 1000 verify races.lua --max-steps 1000000 --time 1s --reduce "$how"
    exits 5
  done
  signalled INT verify races.lua --max-steps 1000000
  [ "$status" -eq 130 ]
}

@test "lint keeps --time in Lua's compiler, and says of which files it knows" {
  { echo 'local x if x then'; yes 'elseif x then' | head -n 200000; echo end; } >long.lua
  scenario global.lua global <<<'counter = 1'
  within 500 lint global.lua long.lua --time 500ms
  exits 5
  has "$out" "global.lua:3:"
  has "$out" "1 finding in 1 file"
  has "$err" "the time was up before 1 file had been looked at"
  within 500 lint long.lua --time 500ms --format ndjson
  exits 5
  [ "$(jq -c '[.type, .files, .exit_code]' <<<"$out")" = '["summary",0,5]' ]
}

@test "--time is kept while a file is loaded: in a call, and in the compiler" {
  { echo 'string.find(string.rep("a", 40), string.rep("a*", 20) .. "b")'; } >call.lua
  scenario call.lua never <<<''
  { echo 'local x if x then'; yes 'elseif x then' | head -n 200000; echo end; } >long.lua
  scenario long.lua never <<<''
  local file
  for file in call.lua long.lua; do
    within 500 run "$file" --time 500ms
    exits 5
    has "$err" "$file: the time was up before it was loaded"
    signalled INT run "$file"
    [ "$status" -eq 130 ]
    has "$err" "$file: interrupted while it was loaded"
  done
  signalled TERM lint long.lua
  [ "$status" -eq 130 ]
}

@test "^C, TERM and HUP end what is under way at once, and what there is is told" {
  slow
  local signal
  for signal in INT TERM HUP; do
    signalled "$signal" run slow.lua "${NO_LIMITS[@]}"
    [ "$status" -eq 130 ]
    has "$out" "interrupted: the results above are partial"
  done
  signalled HUP verify "$LOCKSTEP_ROOT/tests/data/hostile/k05_find_star.lua"
  [ "$status" -eq 130 ]
}

@test "nohup lets it go on when its terminal goes" {
  scenario clean.lua clean <<<'lockstep.spawn(function() end)'
  (trap '' HUP; exec "$LOCKSTEP" run clean.lua --strategy random --time 1s --no-progress) >out 2>err &
  local pid=$!
  sleep 0.4
  kill -HUP "$pid"
  wait "$pid"
  has "$(cat out)" "the time is up"
}

@test "the first ^C ends a replay and a shrinking, too" {
  scenario fails.lua fails <<<'local n = 0 for i = 1, 4e7 do n = n + 1 end lockstep.yield() error("found")'
  lockstep run fails.lua -n 1 --no-shrink "${NO_LIMITS[@]}"
  exits 1
  local trace=traces/fails-iter0-seed1.lockstep long=$BATS_TEST_TMPDIR/long.lua
  scenario long.lua fails <<<'local n = 0 while true do n = n + 1 end'
  signalled INT replay --trace "$trace" --scenario "$long"
  [ "$status" -eq 130 ]
  has "$err" "interrupted before the schedule came to its end"
}

@test "a million scenarios in a file are loaded" {
  echo 'local lockstep = require "lockstep" for i = 1, 1e6 do lockstep.scenario("s" .. i, function() end) end' >million.lua
  lockstep run million.lua --only =s777777 --total-time 120s
  exits 0
  has "$out" "s777777: VERIFIED"
}

@test "--time is kept while a checker of the scenario's searches" {
  scenario hard.lua hard <<'LUA'
  local e, n = {}, 30
  local function add(p, kind, f, value) e[#e + 1] = { process = p, type = kind, f = f, value = value } end
  for p = 0, n - 1 do add(p, "invoke", "enqueue", p % 15) add(n + p, "invoke", "dequeue") end
  for p = 0, n - 1 do
    add(p, "ok", "enqueue", p % 15)
    add(n + p, "ok", "dequeue", p % 15 == 3 and 4 or p * 7 % 15)
  end
  lockstep.checker.linearizable(e, "queue", { nodes = 1000000000 })
LUA
  within 500 verify hard.lua --time 500ms
  exits 5
  lockstep verify hard.lua --max-compute 0.3
  exits 5
  has "$out" "runaway at hard.lua:"
}
