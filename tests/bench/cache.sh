#!/usr/bin/env bash
# What visiting each state once saves beside executing each class once: CPU seconds of `verify
# --strategy dpor` over those of `--strategy cache` on the same scenario, one core; more is better,
# below 1 dpor is. A dpor that takes longer than 20 s is given up, and its ratio is a lower bound.
#   tests/bench/cache.sh [LOCKSTEP]
set -euo pipefail
lockstep=$(realpath "${1:-build/release/lockstep}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# file, name, body
scenario() {
  printf 'local lockstep = require "lockstep"\nlocal atomics, spawn = lockstep.atomics, lockstep.spawn
lockstep.scenario("%s", { drain = true }, function()\n%s\nend)\n' "$2" "$3" >"$1.lua"
}
reorder() {  # N setters, 1 checker
  scenario "reorder$1" "reorder($1, 1)" "
  local v = atomics.new(2)
  for _ = 1, $1 do spawn(function() atomics.put(v, 1, 1) atomics.put(v, 2, -1) end) end
  spawn(function()
    local ok = atomics.get(v, 1) == 0 and atomics.get(v, 2) == 0
    ok = ok or (atomics.get(v, 1) == 1 and atomics.get(v, 2) == -1)
  end)"
}
reorder 4
reorder 5
scenario puts8 "8 and 8 puts into one number" '
  local a = atomics.new(1)
  for i = 1, 2 do spawn(function() for _ = 1, 8 do atomics.put(a, 1, i) end end) end'
scenario counter5 "counter, get then put, 5 processes" '
  local a = atomics.new(1)
  for _ = 1, 5 do spawn(function() atomics.put(a, 1, atomics.get(a, 1) + 1) end) end'
scenario readers8 "8 readers, 1 writer" '
  local a = atomics.new(1)
  spawn(function() atomics.put(a, 1, 1) end)
  for _ = 1, 8 do spawn(function() atomics.get(a, 1) end) end'

printf '%-36s %10s %9s %8s %10s %9s %8s\n' scenario classes dpor/s states executions cache/s ratio
for file in reorder4 reorder5 puts8 counter5 readers8; do
  "$lockstep" verify "$file.lua" --time 20s --format ndjson --no-progress >dpor.json || true
  "$lockstep" verify "$file.lua" --strategy cache --format ndjson --no-progress >cache.json || true
  jq -r -n --slurpfile d dpor.json --slurpfile c cache.json '
    ($d[] | select(.type == "scenario")) as $d | ($c[] | select(.type == "scenario")) as $c |
    (if $d.exhausted then "" else ">" end) as $more |
    [$d.scenario, $more + ($d.iterations | tostring), ($d.cpu_seconds * 1000 | round / 1000),
     $c.verification.states, $c.iterations, ($c.cpu_seconds * 1000 | round / 1000),
     $more + ($d.cpu_seconds / $c.cpu_seconds * 10 | round / 10 | tostring)] | @tsv' |
    awk -F'\t' '{ printf "%-36s %10s %9s %8s %10s %9s %8s\n", $1, $2, $3, $4, $5, $6, $7 }'
done
