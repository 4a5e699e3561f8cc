#!/bin/bash
# recipes/slurm.sh on this machine: munge, slurmctld and one slurmd, all in a folder of their own, ended when it is done. By name, as
# root, on Debian: apt-get install slurmctld slurmd slurm-client munge.
#   tests/slurm.sh [LOCKSTEP]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
export LOCKSTEP=${1:-$root/build/release/lockstep}
[ "$(id -u)" -eq 0 ] || { echo "as root: slurmd starts the jobs of others"; exit 77; }
PATH=$PATH:/usr/sbin
for program in slurmctld slurmd sbatch sinfo munged; do
  type -P "$program" >/dev/null || { echo "there is no $program: apt-get install slurmctld slurmd slurm-client munge"; exit 77; }
done

dir=$(mktemp -d)
pids=()
finish() {
  for ((i = ${#pids[@]}; i-- > 0;)); do kill "${pids[i]}" 2>/dev/null || true; done
  wait || true
  rm -rf "$dir"
}
trap finish EXIT
chmod 755 "$dir"
cd "$dir"

dd if=/dev/urandom of=munge.key bs=1 count=1024 status=none
chmod 400 munge.key
munged --foreground --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munge.pid" \
  --log-file="$dir/munge.log" --seed-file="$dir/munge.seed" >munged.out 2>&1 &
pids+=($!)

host=$(hostname -s)
mkdir state spool
cat >slurm.conf <<END
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=bf_interval=1,sched_interval=2
MinJobAge=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=5 State=UP
END
export SLURM_CONF=$dir/slurm.conf
slurmctld -D -c >slurmctld.log 2>&1 &
pids+=($!)
slurmd -D -N "$host" >slurmd.log 2>&1 &
pids+=($!)
for ((i = 0; i < 60; i++)); do
  sinfo -h -o %T 2>/dev/null | grep -q idle && break
  sleep 1
done
sinfo -h -o %T | grep -q idle || { echo "Slurm does not come up:"; tail -5 ./*.log ./*.out; exit 1; }

cp "$root/scenarios/tour/lost_update.lua" my.lua
search=(my.lua --strategy pos --iterations 400 --keep-going)
"$LOCKSTEP" run "${search[@]}" >whole && exit 1
rm -rf traces
code=0
"$root/recipes/slurm.sh" 6 "${search[@]}" >merged 2>errors || code=$?
cat errors
[ "$code" -eq 1 ] || { echo "exit code $code instead of 1"; cat merged shards/*.log; tail -20 slurm*.log; exit 1; }
[ "$(find shards -name '*.lockshard' | wc -l)" -eq 6 ]
diff <(grep -v '^  rate:' whole) <(grep -v '^  rate:' merged)
echo "6 jobs of an array, merged: the report of the run itself"
