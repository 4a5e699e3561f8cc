#!/usr/bin/env bash
# What a command of lockstep.redis costs beside an operation of ets, and a script beside the same Lua by hand: ratios of
# CPU time of one and the same number of steps, in one run; less is better.
#   tests/bench/redis.sh [LOCKSTEP]
set -euo pipefail
lockstep=$(realpath "${1:-build/release/lockstep}")
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# Seconds of many executions of that scenario.
seconds() {
  local begin end
  begin=$(date +%s%N)
  "$lockstep" run "$here/redis.lua" --only "$1" --strategy native --iterations 100 --no-progress --trace-dir "$dir" >/dev/null
  end=$(date +%s%N)
  echo $(((end - begin) / 1000))
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f\n", a / b }'; }
echo "a command beside an ets operation:   $(ratio "$(seconds command)" "$(seconds ets)")"
echo "a script beside the same by hand:    $(ratio "$(seconds script)" "$(seconds 'by hand')")"
