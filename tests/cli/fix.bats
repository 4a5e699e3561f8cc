# Is my fix real? replay --scenario on repairs, on what only looks like one, and on edits that change nothing.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

# trace_of NAME: the shrunk trace of a scenario of bugs/.
trace_of() {
  [ -d "traces/$1" ] || "$LOCKSTEP" run "$LOCKSTEP_ROOT/scenarios/bugs/$1.lua" --trace-dir "traces/$1" >/dev/null || true
  echo traces/"$1"/*.shrunk.lockstep
}

@test "repairs pass" {
  local passed=0 all=0 file name
  for file in "$LOCKSTEP_ROOT"/scenarios/fixed/*.lua; do
    name=$(basename "$file" .lua)
    all=$((all + 1))
    lockstep replay --trace "$(trace_of "$name")" --scenario "$file"
    case $status in
      0) passed=$((passed + 1)) ;;
      *) echo "$name: exit code $status"; head -3 "$BATS_TEST_TMPDIR/out" ;;
    esac
  done
  echo "$passed of $all"
  [ "$passed" -ge 35 ]
}

@test "broken repairs are never said to pass" {
  local file name wrong=0 all=0
  for file in "$LOCKSTEP_ROOT"/tests/data/broken_repairs/*.lua; do
    name=$(basename "$file" .lua)
    all=$((all + 1))
    lockstep replay --trace "$(trace_of "${name%%.*}")" --scenario "$file"
    [ "$status" -eq 1 ] || { echo "$name: exit code $status"; wrong=$((wrong + 1)); }
  done
  [ "$all" -ge 12 ]
  [ "$wrong" -eq 0 ]
}

@test "comments, names and unrelated code change nothing" {
  local name
  for name in lost_update_ets lost_update_server double_start stale_cache parent_wake raft_election kv_partition; do
    local bug="$LOCKSTEP_ROOT/scenarios/bugs/$name.lua" trace
    trace=$(trace_of "$name")
    # Comments and lines.
    sed -e 's/^local function/-- Nothing new.\n\n&/' -e '1i -- Another head.' "$bug" >comments.lua
    lockstep replay --trace "$trace" --scenario comments.lua
    exits 1 || return 1
    # Names: of functions, variables, the scenario, and whatever the tests of the names are.
    sed -E 's/\b(visit|increment|user|reader|child|candidate|follower|replica|store)\b/my_\1/g; s/scenario\("/&renamed /' "$bug" >names.lua
    lockstep replay --trace "$trace" --scenario names.lua
    exits 1 || return 1
    # Another table, another process, in front of all.
    awk '{ print } /^lockstep.scenario\(/ && !done { done = 1
      print "  require(\"lockstep.ets\").insert(require(\"lockstep.ets\").new(\"unrelated\", { \"public\" }), { \"n\", 0 })" }' "$bug" |
      sed '1i local _ = require "lockstep.ets"' >unrelated.lua
    lockstep replay --trace "$trace" --scenario unrelated.lua
    exits 1 || return 1
  done
}

@test "the answer names what decided it, and what became of that" {
  lockstep replay --trace "$(trace_of lost_update_server)" --scenario "$LOCKSTEP_ROOT/scenarios/fixed/lost_update_server.lua"
  exits 0
  has "$out" "where what decided the failure cannot come about"
  has "$out" 'send P1(serve) {"put"'
  has "$out" "gone; no execution of the edited file has both steps"
  has "$out" "all 4 classes of schedules of"
  lockstep replay --trace "$(trace_of raft_election)" --scenario "$LOCKSTEP_ROOT/scenarios/fixed/raft_election.lua" --format ndjson
  exits 0
  [ "$(jq -r 'select(.type == "passed") | .fix.verdict' out)" = passes ]
  [ "$(jq -r 'select(.type == "passed") | .fix.kept_all >= 50' out)" = true ]
  [ "$(jq -r 'select(.type == "passed") | [.fix.parts[].state] | unique[]' out)" = kept ]
}

# So long that few executions are made, and not all classes.
@test "what few executions cannot tell is not told" {
  scenario long.lua long <<'LUA'
  local a, root = atomics.new(1), lockstep.self()
  for _ = 1, 9000 do atomics.get(a, 1) end
  for _ = 1, 4 do
    lockstep.spawn(function() atomics.put(a, 1, atomics.get(a, 1) + 1) lockstep.send(root, "done") end)
  end
  for _ = 1, 4 do lockstep.recv() end
  assert(atomics.get(a, 1) == 4, "lost")
LUA
  sed -i '1a local atomics = require "lockstep.atomics"' long.lua
  lockstep run long.lua --no-shrink
  exits 1
  trace=$(echo traces/long*.lockstep)
  sed 's/atomics.put(a, 1, .* + 1)/repeat local n = atomics.get(a, 1) until atomics.compare_exchange(a, 1, n, n + 1) == "ok"/' long.lua >other.lua
  lockstep replay --trace "$trace" --scenario other.lua
  exits 4
  has "$out" "cannot tell whether other.lua repairs it"
  has "$out" "not told: longer than 1500 steps"
  lockstep replay --trace "$trace" --scenario long.lua
  exits 1
}
