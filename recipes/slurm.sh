#!/bin/sh
# A run in N shards by Slurm, as an array of jobs; one whose node fails is queued again. Waits for all of them, and reports.
#   recipes/slurm.sh 16 my.lua --strategy pos --iterations 1000000
#   COMMAND=verify recipes/slurm.sh 16 my.lua
# $SBATCH_PARTITION, $SBATCH_TIMELIMIT, $SBATCH_ACCOUNT, ... are sbatch's own.
set -eu
: "${LOCKSTEP:=lockstep}" "${SHARDS:=shards}" "${COMMAND:=run}"
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then # one of the array
  exec "$LOCKSTEP" "$COMMAND" "$@" -q --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --out "$SHARDS"
fi
n=$1
shift
mkdir -p "$SHARDS"
export LOCKSTEP SHARDS COMMAND
# Ends when all have; a shard that did not come to its end is what merge names.
sbatch --wait --quiet --requeue --job-name=lockstep --array="0-$((n - 1))" --output="$SHARDS/%a.log" "$0" "$@" || true
exec "$LOCKSTEP" merge "$SHARDS"
