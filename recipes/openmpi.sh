#!/bin/sh
# A run in N shards by Open MPI: rank I is shard I. It stops all where one fails, so run it again if one was killed.
#   recipes/openmpi.sh 16 my.lua --strategy pos --iterations 1000000
#   COMMAND=verify recipes/openmpi.sh 16 my.lua
# $MPIRUN_FLAGS is for mpirun: --hostfile hosts, --oversubscribe (more shards than cores).
set -eu
n=$1
shift
: "${LOCKSTEP:=lockstep}" "${SHARDS:=shards}" "${COMMAND:=run}"
export LOCKSTEP SHARDS COMMAND
# shellcheck disable=SC2086,SC2016  # flags, apart by white space; the variables are those of each rank
mpirun -n "$n" -x LOCKSTEP -x SHARDS -x COMMAND ${MPIRUN_FLAGS:-} sh -c \
  'exec "$LOCKSTEP" "$COMMAND" "$@" -q --shard "$OMPI_COMM_WORLD_RANK/$OMPI_COMM_WORLD_SIZE" --out "$SHARDS"' shard "$@"
exec "$LOCKSTEP" merge "$SHARDS"
