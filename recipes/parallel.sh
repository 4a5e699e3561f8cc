#!/bin/sh
# A run in N shards by GNU parallel, one at a time for each core; one that was killed is run again.
#   recipes/parallel.sh 16 my.lua --strategy pos --iterations 1000000
#   COMMAND=verify recipes/parallel.sh 16 my.lua
# For other machines add --sshlogin to parallel's flags, and a folder that all of them see.
set -eu
n=$1
shift
: "${LOCKSTEP:=lockstep}" "${SHARDS:=shards}" "${COMMAND:=run}"
shards() {
  seq 0 $((n - 1)) |
    parallel --quote --retries 3 "$LOCKSTEP" "$COMMAND" "$@" -q --shard "{}/$n" --out "$SHARDS"
}
shards "$@"
# Shards of a proof that did not know what others have learnt; the rest is there.
for _ in 1 2 3; do
  "$LOCKSTEP" merge "$SHARDS" -q >/dev/null 2>&1 && break
  [ $? -eq 5 ] || break
  shards "$@"
done
exec "$LOCKSTEP" merge "$SHARDS"
