#!/bin/sh
# A run in N shards by GNU parallel, one at a time for each core; one that was killed is run again.
#   recipes/parallel.sh 16 my.lua --strategy pos --iterations 1000000
# For other machines add --sshlogin to parallel's flags, and a folder that all of them see.
set -eu
n=$1
shift
: "${LOCKSTEP:=lockstep}" "${SHARDS:=shards}"
seq 0 $((n - 1)) |
  parallel --quote --retries 3 "$LOCKSTEP" run "$@" -q --shard "{}/$n" --out "$SHARDS"
exec "$LOCKSTEP" merge "$SHARDS"
