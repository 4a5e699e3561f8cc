# --format ndjson of many commands against its published schema.
load common

SCHEMA=$LOCKSTEP_ROOT/cli/report/ndjson.schema.json
CHECK=$LOCKSTEP_ROOT/tests/data/schema/check.py

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

# Adds what a command says to all.ndjson, whatever its exit code.
say() { "$LOCKSTEP" "$@" --format ndjson >>all.ndjson 2>/dev/null || true; }

valid() { python3 "$CHECK" "$SCHEMA" "${1:-all.ndjson}"; }

# A scenario for each way to end.
endings() {
  mkdir -p .git t
  cp "$TOUR" t/
  echo 'local x = (' >t/broken.lua
  cat >t/ends.lua <<'LUA'
local lockstep = require "lockstep"
lockstep.scenario("deadlock", function() lockstep.recv() end)
lockstep.scenario("expected", { expect = "deadlock" }, function() lockstep.recv() end)
lockstep.scenario("missed", { expect = "deadlock" }, function() lockstep.yield() end)
lockstep.scenario("crash", function() lockstep.spawn(function() error("x") end) lockstep.sleep(5) end)
lockstep.scenario("bound", { max_steps = 5 }, function() while true do lockstep.yield() end end)
lockstep.scenario("liveness", function() lockstep.eventually("never", function() return false end) lockstep.yield() end)
LUA
}

@test "run and verify, with every option that adds something" {
  endings
  say run t --strategy pos --keep-going --races --iterations 200 --store failures
  say run t --strategy pos --no-shrink --check --check-determinism --iterations 20 --audit 20 --cover never
  say run t --store failures --write-baseline base.jsonl
  sed -i '1i -- edited' t/ends.lua
  say run t --store failures --baseline base.jsonl --total-time 2s
  sed -i 's/"deadlock", f/"gone", f/' t/ends.lua
  say run t --store failures --strategy pos --shard 1/3 --iterations 30
  say verify t
  say verify t --strategy cache
  say verify "$LOCKSTEP_ROOT/scenarios/fixed/parent_wake.lua" --time 300ms
  say run t --show-config --strategy pos
  local file n=0
  for file in "$LOCKSTEP_ROOT"/scenarios/bugs/*.lua; do
    [ $((n++ % 7)) -ne 0 ] || say run "$file" --iterations 100
  done
  [ "$(wc -l <all.ndjson)" -gt 60 ]
  run valid
  echo "$output"
  [ "$status" -eq 0 ]
  has "$output" "seen: broken failure remembered run scenario setting summary"
}

@test "what is done with traces" {
  say run "$TOUR" --strategy pos
  local trace=traces/lost_update-iter0-seed1
  say replay $trace.lockstep
  sed 's/assert(n == 2/assert(n >= 1/' "$TOUR" >fixed.lua
  sed 's/ets.lookup_element(counter, "n", 2)/lockstep.recv(0)/' "$TOUR" >other.lua
  say replay $trace.shrunk.lockstep --scenario fixed.lua
  say replay $trace.shrunk.lockstep --scenario other.lua
  say shrink $trace.lockstep
  say dump $trace.lockstep
  say diff $trace.lockstep $trace.shrunk.lockstep
  say diff $trace.lockstep $trace.lockstep
  printf '%s\n' 'goto 5' state next alternatives 'sample 50' 'take 1' run wrong list source curve lines help back |
    say debug $trace.lockstep
  run valid
  echo "$output"
  [ "$status" -eq 0 ]
  has "$output" "seen: debug diff error failure passed reply run scenario summary"
}

@test "the others" {
  endings
  say lint t "$LOCKSTEP_ROOT/tests/data/hostile"
  say list strategies
  say list scenarios "$LOCKSTEP_ROOT/scenarios"
  say version
  say bench t/lost_update.lua t/ends.lua --only lost --only crash --seeds 2 --strategies pos,random --iterations 50 --coverage 10
  say bench t/lost_update.lua --seeds 2 --strategies pos --iterations 50 --coverage 0 --summary
  run valid
  echo "$output"
  [ "$status" -eq 0 ]
  has "$output" "seen: bench bench_suite finding lint_summary listed run strategy summary version"
}

@test "the check finds what is wrong" {
  "$LOCKSTEP" version --format ndjson >good
  valid good
  sed 's/"version":"[^"]*"/"version":1/' good >bad
  run valid bad
  [ "$status" -eq 1 ]
  sed 's/,"lua_fingerprint":"[^"]*"//' good >bad
  run valid bad
  [ "$status" -eq 1 ]
  sed 's/}/,"more":1}/' good >bad
  run valid bad
  [ "$status" -eq 1 ]
  has "$output" "more"
  echo '{"type":"unheard_of"}' >bad
  run valid bad
  [ "$status" -eq 1 ]
}

@test "npm's ajv compiles the schema and agrees" {
  [ -x "$(command -v npm)" ] || skip "no npm"
  local home=${XDG_CACHE_HOME:-$HOME/.cache}/lockstep-npm
  [ -f "$home/node_modules/.bin/ajv" ] ||
    timeout 120 npm install --silent --no-audit --no-fund --prefix "$home" ajv-cli@5.0.0 >/dev/null 2>&1 ||
    skip "the npm registry cannot be reached"
  say run "$TOUR" --strategy pos
  say list strategies
  split -l 1 --additional-suffix=.json all.ndjson line-
  run timeout 100 "$home/node_modules/.bin/ajv" validate --spec=draft2020 --strict=false -s "$SCHEMA" -d 'line-*.json'
  echo "$output" | tail -5
  [ "$status" -eq 0 ]
  [ "$(grep -c valid <<<"$output")" -ge 24 ]
}
