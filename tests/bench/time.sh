#!/usr/bin/env bash
# How far `--time`, ^C, TERM and HUP are overrun, at moments that are spread over what a command does.
#   tests/bench/time.sh [LOCKSTEP] [MOMENTS]
# For each command below and each way to end it: the worst overrun of so many moments (default 12), in seconds of the clock
# and of CPU, and the moment. The house promises 0.2 s; what comes to more is named, and the exit code is then 1. On a machine
# that does other things the clock says little: the CPU time after the moment is what lockstep took itself.
set -euo pipefail
lockstep=$(realpath "${1:-build/release/lockstep}")
moments=${2:-12}
root=$(realpath "$(dirname "$0")/../..")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# file, body
scenario() {
  printf 'local lockstep = require "lockstep"\nlocal ets = lockstep.ets\nlockstep.scenario("%s", function()\n%s\nend)\n' \
    "$1" "$2" >"$1.lua"
}
scenario steps 'for _ = 1, 2000000 do lockstep.yield() end'
scenario races '
  local me, t = lockstep.self(), ets.new("t", { "public" })
  for k = 1, 4 do
    lockstep.spawn(function()
      for i = 1, 20000 do ets.insert(t, { "a", i * 10 + k }) end
      lockstep.send(me, "done")
    end)
  end
  for _ = 1, 4 do lockstep.recv() end'
# Fails in half of its schedules, in executions of some thousand steps: to be confirmed, shrunk, explained and written.
scenario long_failure '
  local me, t = lockstep.self(), ets.new("t", { "public" })
  for k = 1, 3 do
    lockstep.spawn(function()
      for i = 1, 400 do
        local n = ets.lookup(t, "n")[1]
        ets.insert(t, { "n", (n and n[2] or 0) + 1 })
      end
      lockstep.send(me, k)
    end)
  end
  for _ = 1, 3 do lockstep.recv() end
  local n = ets.lookup(t, "n")[1][2]
  assert(n == 1200, "lost " .. 1200 - n)'
scenario compute 'for _ = 1, 1000 do string.rep("ab", 1000000):find("b$") end error("at last")'
scenario memory 'local all = {} for i = 1, 1e7 do all[i] = { i } if i % 1e5 == 0 then lockstep.yield() end end'
{ echo 'local x if x then'; head -n 200000 < <(yes 'elseif x then'); echo end; } >long.lua
scenario loading ''
cat long.lua >>loading.lua
cp long.lua big.lua
for ((i = 0; i < 20; i++)); do scenario "many$i" 'for _ = 1, 300 do lockstep.spawn(function() lockstep.yield() end) end'; done
mkdir folder && mv many*.lua folder

cat >commands <<END
run steps.lua --max-steps 10000000
verify steps.lua --max-steps 10000000
verify races.lua --max-steps 1000000
verify races.lua --max-steps 1000000 --reduce none
run races.lua --max-steps 1000000 --strategy pct
run long_failure.lua --max-steps 1000000
run long_failure.lua --max-steps 1000000 --no-shrink
run long_failure.lua --max-steps 1000000 --keep-going
run compute.lua --max-compute 1000
run memory.lua --max-memory 1G
run loading.lua
run folder --keep-going
verify folder
lint big.lua
run $root/scenarios/bugs/raft_election.lua --keep-going
verify $root/scenarios/fixed/pg_membership.lua --reduce none
bench $root/scenarios/tour/lost_update.lua
END

now() { date +%s.%N; }
# One try: seconds of the clock and of CPU after the moment, or nothing if it had ended by then. $1: time or a signal
once() {
  local how=$1 at=$2 pid began
  shift 2
  TIMEFORMAT='%U %S'
  began=$(now)
  if [ "$how" = time ]; then
    { time { "$lockstep" "$@" --time "${at}s" --no-progress >out 2>err || true; }; } 2>took
    awk -v a="$began" -v b="$(now)" -v at="$at" '{ wall = b - a - at; cpu = $1 + $2 - at
      print (wall < 0 ? 0 : wall), (cpu < 0 ? 0 : cpu) }' took
    return
  fi
  "$lockstep" "$@" --no-progress >out 2>err &
  pid=$!
  sleep "$at"
  local before after
  before=$(cut -d')' -f2 "/proc/$pid/stat" 2>/dev/null | awk '{ print $12 + $13 }') || before=
  began=$(now)
  kill "-$how" "$pid" 2>/dev/null || { wait "$pid" || true; return; }
  # Its CPU time is read until it is gone.
  after=$before
  while kill -0 "$pid" 2>/dev/null; do
    local seen
    seen=$(cut -d')' -f2 "/proc/$pid/stat" 2>/dev/null | awk '$1 != "Z" { print $12 + $13 }') || break
    [ -n "$seen" ] || break
    after=$seen
    sleep 0.01
  done
  local end
  end=$(now)
  wait "$pid" || true
  awk -v a="$began" -v b="$end" -v x="${before:-0}" -v y="${after:-0}" -v hz="$(getconf CLK_TCK)" \
    'BEGIN { print b - a, (y - x) / hz }'
}

printf '%-66s %-5s %8s %8s %8s\n' command how 'clock s' 'CPU s' 'at s'
worst=0
while read -r -a command; do
  for how in time INT TERM HUP; do
    result=$(for ((i = 1; i <= moments; i++)); do
      at=$(awk -v i="$i" -v n="$moments" 'BEGIN { printf "%.2f", 0.05 + 2 * (i / n) ^ 2 }')
      echo "$(once "$how" "$at" "${command[@]}") $at"
    done | awk 'NF == 3 && $2 >= cpu { wall = $1; cpu = $2; at = $3 } END { printf "%.2f %.2f %s", wall, cpu, at }')
    read -r wall cpu at <<<"$result"
    over=$(awk -v c="$cpu" -v w="$wall" 'BEGIN { print (c > 0.2 && w > 0.2) ? 1 : 0 }')
    [ "$over" = 0 ] || worst=1
    text="${command[*]}"
    printf '%-66s %-5s %8s %8s %8s%s\n' "${text//$root\//}" "$how" "$wall" "$cpu" "${at:--}" "$([ "$over" = 0 ] || echo '  over')"
  done
done <commands
exit "$worst"
