# recipes/: launchers of shards. Each comes to the report of the run itself.
load common

RECIPES="$LOCKSTEP_ROOT/recipes"

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  export LOCKSTEP
  mkdir -p scenarios bin
  cp "$TOUR" scenarios/my.lua
  # As the files have it, but shorter, and to the end, so that every figure of the report is the run's.
  SEARCH="scenarios/my.lua --strategy pos --iterations 200 --keep-going"
  ln -sf "$LOCKSTEP" bin/lockstep
}

timeless() { sed -E '/^  rate:/d'; }

# whole: the report of the run itself, and its traces out of the way.
whole() {
  "$LOCKSTEP" run $SEARCH >whole || [ $? -eq 1 ]
  rm -rf traces
}

# launched COMMAND...: it has the report and the exit code of the run.
launched() {
  status=0
  "$@" >out 2>err || status=$?
  out=$(cat out) err=$(cat err)
  exits 1
  diff <(timeless <whole) <(timeless <out)
}

# Of a file of YAML: what Python makes of its documents, as `all` and, of the first one, `first`.
yaml() {  # yaml FILE EXPRESSION
  python3 -c '
import sys, yaml
all = list(yaml.safe_load_all(open(sys.argv[1])))
first = all[0]
print(eval(sys.argv[2]))' "$RECIPES/$1" "$2"
}

# A lockstep that is killed the first time that it is asked for shard 1.
killed_once() {
  cat >bin/killed <<'END'
#!/bin/sh
case "$*" in
*--shard\ 1/*)
  if [ ! -e was_killed ]; then
    : >was_killed
    kill -KILL $$
  fi
  ;;
esac
exec "$REAL" "$@"
END
  chmod +x bin/killed
  export REAL="$LOCKSTEP" LOCKSTEP="$PWD/bin/killed"
}

@test "GNU parallel" {
  whole
  launched "$RECIPES/parallel.sh" 5 $SEARCH
  [ "$(find shards -name '*.lockshard' | wc -l)" -eq 5 ]
}

@test "GNU parallel shares out a proof" {
  good="$LOCKSTEP_ROOT/scenarios/fixed/raft_election.lua"
  "$LOCKSTEP" verify "$good" | grep VERIFIED >whole
  COMMAND=verify "$RECIPES/parallel.sh" 3 "$good" | grep VERIFIED | diff whole -
}

@test "GNU parallel runs a shard again that was killed" {
  whole
  killed_once
  launched "$RECIPES/parallel.sh" 3 $SEARCH
  [ -e was_killed ]
}

@test "Open MPI" {
  whole
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 MPIRUN_FLAGS="--oversubscribe"
  launched timeout 120 "$RECIPES/openmpi.sh" 4 $SEARCH
}

@test "Open MPI stops where a shard is killed, and does it all the next time" {
  whole
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 MPIRUN_FLAGS="--oversubscribe"
  killed_once
  status=0
  timeout 120 "$RECIPES/openmpi.sh" 2 $SEARCH >out 2>err || status=$?
  [ "$status" -ne 0 ]
  [ "$status" -ne 1 ] # no verdict
  [ ! -e traces ]
  launched timeout 120 "$RECIPES/openmpi.sh" 2 $SEARCH
}

# of_file SEARCH: what the file searches for is the same but for length.
of_file() { [ "${1/1000000/200 --keep-going}" = "$SEARCH" ]; }

@test "a matrix of GitHub" {
  whole
  of_file "$(yaml github.yml 'first["env"]["SEARCH"]')"
  [ "$(yaml github.yml 'first["jobs"]["shard"]["env"]["SHARD"]')" = '${{ matrix.shard }}/${{ strategy.job-total }}' ]
  local search report shard total=0
  search=$(yaml github.yml '[s["run"] for s in first["jobs"]["shard"]["steps"] if s.get("name") == "Search"][0]')
  report=$(yaml github.yml '[s["run"] for s in first["jobs"]["report"]["steps"] if s.get("name") == "Report"][0]')
  total=$(yaml github.yml 'len(first["jobs"]["shard"]["strategy"]["matrix"]["shard"])')
  [ "$total" -eq 4 ]
  export SEARCH
  for shard in $(yaml github.yml '" ".join(map(str, first["jobs"]["shard"]["strategy"]["matrix"]["shard"]))'); do
    PATH="$PWD/bin:$PATH" SHARD="$shard/$total" bash -e -c "$search" >/dev/null
  done
  launched env PATH="$PWD/bin:$PATH" bash -e -c "$report"
  has "$err" "::error file=scenarios/my.lua"
  xmllint --noout junit.xml
  [ -d "$(yaml github.yml 'first["jobs"]["report"]["steps"][-1]["with"]["path"]')" ]
}

@test "parallel jobs of GitLab" {
  whole
  of_file "$(yaml gitlab.yml 'first["variables"]["SEARCH"]')"
  local search report total index
  search=$(yaml gitlab.yml '"\n".join(first["shard"]["script"])')
  report=$(yaml gitlab.yml '"\n".join(first["report"]["script"])')
  total=$(yaml gitlab.yml 'first["shard"]["parallel"]')
  [ "$(yaml gitlab.yml 'first["report"]["needs"][0]')" = shard ]
  export SEARCH
  for ((index = 1; index <= total; index++)); do
    PATH="$PWD/bin:$PATH" CI_NODE_INDEX=$index CI_NODE_TOTAL=$total sh -e -c "$search" >/dev/null
  done
  [ -d "$(yaml gitlab.yml 'first["shard"]["artifacts"]["paths"][0]')" ]
  launched env PATH="$PWD/bin:$PATH" sh -e -c "$report"
  xmllint --noout "$(yaml gitlab.yml 'first["report"]["artifacts"]["reports"]["junit"]')"
}

@test "an Indexed Job of Kubernetes" {
  whole
  local job='[d for d in all if d["kind"] == "Job"][0]["spec"]' container total index
  container="${job}"'["template"]["spec"]["containers"][0]'
  total=$(yaml kubernetes.yaml "$job"'["completions"]')
  [ "$(yaml kubernetes.yaml "$job"'["completionMode"]')" = Indexed ]
  [ "$(yaml kubernetes.yaml "$job"'["template"]["spec"]["restartPolicy"]')" = OnFailure ]
  env_of() { yaml kubernetes.yaml "{e['name']: e['value'] for e in $container['env']}['$1']"; }
  [ "$(env_of SHARD_COUNT)" = "$total" ]
  of_file "$(env_of SEARCH)"
  [ "$(env_of SHARDS)" = "$(yaml kubernetes.yaml "$container"'["volumeMounts"][0]["mountPath"]')" ]
  [ "$(yaml kubernetes.yaml "$container"'["command"]')" = "['/bin/sh', '-c']" ]
  export SEARCH SHARD_COUNT="$total" SHARDS=volume
  for ((index = 0; index < total; index++)); do
    PATH="$PWD/bin:$PATH" JOB_COMPLETION_INDEX=$index /bin/sh -c "$(yaml kubernetes.yaml "$container"'["args"][0]')" >/dev/null
  done
  launched "$LOCKSTEP" merge volume
}
