#!/bin/sh
# A run in N shards by Open MPI: rank I is shard I. It stops all where one fails, so run it again if one was killed.
#   recipes/openmpi.sh 16 my.lua --strategy pos --iterations 1000000
# $MPIRUN_FLAGS is for mpirun: --hostfile hosts, --oversubscribe (more shards than cores).
set -eu
n=$1
shift
: "${LOCKSTEP:=lockstep}" "${SHARDS:=shards}"
export LOCKSTEP SHARDS
# shellcheck disable=SC2086,SC2016  # flags, apart by white space; the variables are those of each rank
mpirun -n "$n" -x LOCKSTEP -x SHARDS ${MPIRUN_FLAGS:-} sh -c \
  'exec "$LOCKSTEP" run "$@" -q --shard "$OMPI_COMM_WORLD_RANK/$OMPI_COMM_WORLD_SIZE" --out "$SHARDS"' shard "$@"
exec "$LOCKSTEP" merge "$SHARDS"
