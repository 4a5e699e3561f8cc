#!/usr/bin/env bash
# What a proof costs: executions a second of `verify` beside those of `run --strategy random` on the
# same scenario, one core, in the same run; the ratio is random over verify, so less is better.
#   tests/bench/proof.sh [LOCKSTEP]
set -euo pipefail
lockstep=$(realpath "${1:-build/release/lockstep}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

head='local lockstep = require "lockstep"
local ets, atomics = require "lockstep.ets", lockstep.atomics
local spawn, send, recv, self = lockstep.spawn, lockstep.send, lockstep.recv, lockstep.self'

# file, name, body
scenario() {
  printf '%s\nlockstep.scenario("%s", { drain = true }, function()\n%s\nend)\n' "$head" "$2" "$3" >"$1.lua"
}
scenario counter4 "counter, 4 processes, with messages" '
  local t, main = ets.new("t", { "public" }), self()
  ets.insert(t, { "n", 0 })
  for _ = 1, 4 do
    spawn(function()
      ets.insert(t, { "n", ets.lookup_element(t, "n", 2) + 1 })
      send(main, "done")
    end)
  end
  for _ = 1, 4 do recv() end'
scenario atomic5 "counter on an atomic, 5 processes" '
  local a = atomics.new(1)
  for _ = 1, 5 do
    spawn(function() atomics.put(a, 1, atomics.get(a, 1) + 1) end)
  end'
scenario writers7 "7 writers" '
  local a = atomics.new(1)
  for i = 1, 7 do spawn(function() atomics.put(a, 1, i) end) end'
lastzero() {  # N
  scenario "lastzero$1" "lastzero($1)" "
  local a = atomics.new($1 + 1)
  spawn(function() for i = $1, 0, -1 do if atomics.get(a, i + 1) == 0 then break end end end)
  for i = 1, $1 do spawn(function() atomics.put(a, i + 1, atomics.get(a, i) + 1) end) end"
}
lastzero 10
lastzero 15

printf '%-40s %10s %8s %12s %12s %6s %8s\n' scenario classes redundant verify/s random/s ratio seconds
for file in counter4 atomic5 writers7 lastzero10 lastzero15; do
  flags=()
  [ "$file" = counter4 ] && flags=(--reduce equal-writes)
  "$lockstep" verify "$file.lua" "${flags[@]}" --format ndjson --no-progress >verify.json || true
  "$lockstep" run "$file.lua" --strategy random --iterations 20000 --format ndjson --no-progress >random.json || true
  jq -r -n --slurpfile v verify.json --slurpfile r random.json '
    ($v[] | select(.type == "scenario")) as $v | ($r[] | select(.type == "scenario")) as $r |
    ($v.iterations / $v.cpu_seconds) as $a | ($r.iterations / $r.cpu_seconds) as $b |
    [$v.scenario, $v.iterations - $v.blocked, $v.blocked, ($a | round), ($b | round),
     ($b / $a * 100 | round / 100), ($v.cpu_seconds * 100 | round / 100)] | @tsv' |
    awk -F'\t' '{ printf "%-40s %10s %8s %12s %12s %6s %8s\n", $1, $2, $3, $4, $5, $6, $7 }'
done
