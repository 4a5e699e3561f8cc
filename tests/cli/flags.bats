# Flags that bound a run, choose from it, or would have no effect.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

@test "a flag that the strategy does not take is refused, with those that do" {
  local given
  for given in "pct --resample-prob 0.5" "pos --depth 4" "random --reduce all" "dfs --reduce all" "random --spins any" \
    "dpor --cache-memory 1G"; do
    read -r strategy flag value <<<"$given"
    lockstep run "$TOUR" --strategy "$strategy" "$flag" "$value"
    exits 2
    has "$err" "$flag has no effect with $strategy"
    has "$err" "--strategy: "
  done
  lockstep bench "$TOUR" --strategies random,pos --depth 4
  exits 2
  has "$err" "--depth has no effect with any of these strategies"
}

@test "... and taken where it has one, by auto's members too; none is what happens anyway" {
  local given
  for given in "pos --resample-prob 0.5" "pct --depth 4" "auto --depth 4" "dpor --reduce all" "dfs --spins any" \
    "cache --cache-memory 1G" "dfs --reduce none"; do
    read -r strategy flag value <<<"$given"
    lockstep run "$TOUR" --strategy "$strategy" "$flag" "$value" --no-shrink
    exits 1
  done
}

two() {
  scenario two.lua "transfer" <<<'lockstep.yield()'
  echo 'lockstep.scenario("transfer twice", function() lockstep.yield() end)' >>two.lua
}

@test "--only =NAME is the one that has that name" {
  two
  lockstep list scenarios two.lua
  lockstep run two.lua --only transfer
  has "$out" "2 scenarios: 2 passed"
  lockstep run two.lua --only =transfer
  exits 0
  lacks "$out" "transfer twice"
  lockstep run two.lua --only =transfe
  exits 2
  has "$err" 'did you mean "transfer"?'
}

@test "--total-time bounds the command: each has its share, what it does not come to is named, exit 5" {
  scenario long.lua "first" <<'LUA'
  for _ = 1, 4 do lockstep.spawn(function() for _ = 1, 6 do lockstep.yield() lockstep.now() end end) end
  local t = lockstep.ets.new("t", { "public" })
  for i = 1, 5 do lockstep.spawn(function() for k = 1, 5 do lockstep.ets.insert(t, { 1, i * k }) end end) end
  lockstep.sleep(10)
LUA
  echo 'lockstep.scenario("second", function() lockstep.yield() end)' >>long.lua
  lockstep verify long.lua --total-time 2s --format ndjson
  exits 5
  [ "$(tail -1 <<<"$out" | jq -c '[.incomplete, .failed, .passed, .not_run]')" = '[1,0,1,[]]' ]
  lockstep verify long.lua --total-time 2s
  has "$out" "s were left of --total-time)"
  # One execution that takes longer than all there is.
  scenario slow.lua "slow" <<'LUA'
  for _ = 1, 50 do local t = {} for j = 1, 3e6 do t[j % 1000] = { j } end lockstep.yield() end
LUA
  echo 'lockstep.scenario("second", function() lockstep.yield() end)' >>slow.lua
  lockstep run slow.lua --total-time 1ms
  exits 5
  has "$out" "not run, since the time was up (--total-time): slow, second"
  lockstep verify long.lua --total-time soon
  exits 2
}

@test "INCOMPLETE is not counted as failed" {
  scenario big.lua "big" <<'LUA'
  local t = lockstep.ets.new("t", { "public" })
  for i = 1, 7 do lockstep.spawn(function() for k = 1, 7 do lockstep.ets.insert(t, { 1, i * 10 + k }) end end) end
  lockstep.sleep(10)
LUA
  echo 'lockstep.scenario("small", function() lockstep.yield() end)' >>big.lua
  lockstep verify big.lua -t 300ms
  exits 5
  has "$out" "2 scenarios: 1 passed, 1 incomplete, 0 failed"
}

# Without --time each of these ends as a runaway, by the clock or by instructions; a verdict of that kind would mean that
# the time was not kept inside an execution.
@test "--time and ^C are kept inside an execution, in guest code, in a call of the library and between operations" {
  local body command
  for body in 'local s = ("a"):rep(40) s:find(("a*"):rep(40) .. "b")' 'while true do end' \
    'local n = 0 while true do n = n + 1 lockstep.put("n", n) lockstep.yield() end'; do
    rm -f long.lua
    scenario long.lua long <<<"$body"
    for command in run verify; do
      lockstep "$command" long.lua --time 300ms --max-compute 1000 --max-instructions 1000000000000 --max-steps 2000000000 --max-memory 1G
      exits 5
      lacks "$out" runaway
      has "$out" "time"
    done
    lockstep run long.lua --time 300ms --max-compute 1000 --max-instructions 1000000000000 --max-steps 2000000000 --max-memory 1G
    has "$out" "No execution came to its end"
    status=0
    timeout -s INT 1 "$LOCKSTEP" run long.lua --max-compute 1000 --max-instructions 1000000000000 --max-steps 2000000000 \
      --max-memory 1G --format ndjson --no-progress >out || status=$?
    [ "$(jq 'select(.type == "summary") | .interrupted' out)" = true ]
  done
}

@test "what another command takes, or another flag makes idle, is refused with the reason" {
  "$LOCKSTEP" run "$TOUR" >/dev/null || true
  local trace=traces/lost_update-iter0-seed1.lockstep line words
  while read -r line; do
    read -ra words <<<"${line%% :: *}"
    lockstep "${words[@]}"
    exits 2
    has "$err" "${line##* :: }"
    has "$err" "hint:"
  done <<LINES
dump $trace -q :: -q has no effect with 'dump'
list strategies --color always :: --color has no effect with 'list'
lint $TOUR -vv :: -v has no effect with 'lint'
replay $trace --no-progress :: --no-progress has no effect with 'replay'
check-history h.jsonl --strategy pos :: --strategy has no effect with 'check-history'
dump $trace --history h.jsonl --format ndjson :: --format has no effect beside --history
dump $trace --history - --timeline - :: both would go to standard output
run $TOUR -k --max-failures 3 :: --max-failures has no effect beside --keep-going
run $TOUR -q -v :: --quiet has no effect beside --verbose
run $TOUR --color always --format ndjson :: --color has no effect beside --format ndjson
LINES
}
