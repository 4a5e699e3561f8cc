# --store and --baseline: old failures first, and only new ones break the build.
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  mkdir -p repo/.git
  cd repo || exit 1
  cp "$TOUR" lost.lua
}

stored() { find failures -name '*.lockstep' | sort; }
remembered() { jq -c 'select(.type == "remembered") | [.state, .otherwise, .changed, .known]' ../out; }
summary() { tail -1 ../out | jq -c "$1"; }

# The repaired scenario: the update is one step.
repair() {
  sed -i 's/local n = ets.lookup_element(counter, "n", 2)$/ets.update_counter(counter, "n", 1)/; 0,/ets.insert(counter, { "n", n + 1 })/{/ets.insert(counter, { "n", n + 1 })/d}' lost.lua
  sed -i '/^  ets.update_counter/s/.*/  local n = ets.lookup_element(counter, "n", 2)/' lost.lua
}

@test "a failure is stored once, shrunk, under a name that its content gives" {
  lockstep run lost.lua --store failures --strategy pos
  exits 1
  [ "$(stored | wc -l)" -eq 1 ]
  first=$(stored)
  [[ "$first" =~ ^failures/lost\.lua/[0-9a-f]{32}\.lockstep$ ]]
  lockstep replay "$first"
  exits 1
  lockstep dump "$first"
  has "$out" "a minimum"
  lockstep run lost.lua --store failures --strategy random --seed 99 --keep-going
  exits 1
  [ "$(stored | wc -l)" -eq 1 ]
}

@test "the next run replays it first, and needs no search to fail" {
  lockstep run lost.lua --store failures --strategy pos
  lockstep run lost.lua --store failures --strategy pos --format ndjson --report junit=r.xml
  exits 1
  [ "$(remembered)" = '["still fails",false,false,false]' ]
  [ "$(jq -r 'select(.type == "scenario") | .iterations' ../out)" = "" ]
  [ "$(summary '[.scenarios, .failed, .still_failing, .iterations]')" = '[1,1,1,0]' ]
  [ "$(xmllint --xpath 'count(//failure)' r.xml)" -eq 1 ]
  lockstep run lost.lua --store failures --strategy pos
  has "$out" "lost update: remembered: still fails: assertion at lost.lua:22"
  # others are looked for with --keep-going, and this one is not reported twice
  lockstep run lost.lua --store failures --strategy pos --keep-going --format ndjson
  [ "$(jq -c 'select(.type == "failure") | .how' ../out)" = '"replayed"' ]
  [ "$(jq 'select(.type == "scenario") | .iterations' ../out)" -gt 1 ]
}

@test "where the file has changed it says fixed, or that it still fails" {
  lockstep run lost.lua --store failures --strategy pos
  sed -i '1i -- edited' lost.lua
  lockstep run lost.lua --store failures --strategy pos --format ndjson
  exits 1
  [ "$(remembered)" = '["still fails",false,true,false]' ]
  [ "$(jq -r 'select(.type == "remembered") | .signature' ../out)" = "assertion at lost.lua:23" ]
  repair
  lua_said=$("$LOCKSTEP" verify lost.lua) || { echo "$lua_said"; cat lost.lua; return 1; }
  lockstep run lost.lua --store failures --format ndjson
  exits 0
  [ "$(remembered)" = '["fixed",false,true,false]' ]
  [ "$(stored | wc -l)" -eq 1 ]  # it may come back
  lockstep run lost.lua --store failures
  has "$out" "remembered: fixed: assertion at lost.lua:22"
}

@test "cannot tell: the scenario is gone, or its file is" {
  lockstep run lost.lua --store failures --strategy pos
  sed -i 's/"lost update"/"renamed"/' lost.lua
  lockstep run lost.lua --store failures --format ndjson --iterations 1
  [ "$(jq -r 'select(.type == "remembered") | .state + ": " + .reason' ../out)" = 'cannot tell: lost.lua has no scenario of this name any more' ]
  scenario other.lua other <<<''
  rm lost.lua
  lockstep run other.lua --store failures
  exits 0
  has "$err" "there is no lost.lua any more"
}

@test "a damaged entry is named and left alone, whatever is wrong with it" {
  lockstep run lost.lua --store failures --strategy pos
  good=$(stored)
  cp "$good" ../whole
  damaged() {
    cp "$good" ../was
    lockstep run lost.lua --store failures --strategy pos --iterations 1 --no-shrink
    [ "$status" -eq 1 ] || [ "$status" -eq 6 ]
    has "$err" "$good"
    has "$err" "left alone"
    cmp "$good" ../was
    lacks "$out" "remembered"
    find failures -name '*.lockstep' ! -path "$good" -delete  # what this run has found
  }
  head -c 300 ../whole >"$good"; damaged
  : >"$good"; damaged
  printf 'x' | dd of="$good" bs=1 seek=400 conv=notrunc 2>/dev/null; damaged
  { cat ../whole; echo; } >"$good"; damaged
  # a whole trace under another name than its own
  cp ../whole "failures/lost.lua/0123456789abcdef0123456789abcdef.lockstep"
  cp ../whole "$good"
  lockstep run lost.lua --store failures --strategy pos
  exits 1
  has "$err" "0123456789abcdef0123456789abcdef.lockstep: its contents are not those that its name tells"
  has "$out" "remembered: still fails"
  # where nothing fails, it is what the exit code is about
  rm "$good"
  scenario other.lua other <<<''
  mv failures/lost.lua failures/other.lua
  lockstep run other.lua --store failures
  exits 6
}

@test "a store that is a file, or cannot be written" {
  echo >failures
  lockstep run lost.lua --store failures
  exits 2
  has "$err" "--store failures: this is no folder"
  lockstep run lost.lua --store /proc/nowhere --strategy pos
  exits 1
  has "$err" "cannot write"
}

# Two failures in one scenario.
two() {
  scenario two.lua two <<'LUA'
  local me = lockstep.self()
  for i = 1, 2 do lockstep.spawn(function() lockstep.send(me, i) end) end
  local first = lockstep.recv()
  if first == 2 then
    error("second first")
  end
  lockstep.yield()
LUA
}

@test "baseline: what it lists breaks no build, what is new does" {
  two
  lockstep run . --write-baseline base.jsonl --strategy pos
  exits 0
  [ "$(wc -l <base.jsonl)" -eq 3 ]
  [ "$(jq -r 'select(.signature) | .file' base.jsonl)" = "$(printf 'lost.lua\ntwo.lua')" ]
  cp base.jsonl ../before
  lockstep run . --write-baseline base.jsonl --strategy pos --seed 7
  cmp base.jsonl ../before
  lockstep run . --baseline base.jsonl --strategy pos --format ndjson --report sarif=r.sarif --report junit=r.xml --report github
  exits 0
  [ "$(summary '[.scenarios, .failed, .known, .passed, .exit_code]')" = '[2,0,2,0,0]' ]
  [ "$(jq -c '[.runs[0].results[].baselineState] | unique' r.sarif)" = '["unchanged"]' ]
  [ "$(xmllint --xpath 'string(/testsuites/@failures)' r.xml)" = 0 ]
  lacks "$err" "::error"
  lockstep run . --baseline base.jsonl --strategy pos
  has "$out" "lost update: known failure, in the baseline: assertion at lost.lua:22"
  # lines move, and it is known still; a new one is found though the known one comes first
  sed -i '1i -- edited' two.lua
  sed -i 's/^  lockstep.yield()$/  error("always")/' two.lua
  lockstep run . --baseline base.jsonl --strategy pos --format ndjson --report sarif=r.sarif
  exits 1
  [ "$(jq -r 'select(.type == "failure" and .known == false) | .reason' ../out)" = "always" ]
  [ "$(jq -c '[.runs[0].results[].baselineState] | unique' r.sarif)" = '["new","unchanged"]' ]
  for seed in 1 2 3 4 5 6; do  # whichever comes first: with the default --max-failures of 1
    lockstep run two.lua --baseline base.jsonl --strategy pos --seed $seed --no-shrink --format ndjson
    exits 1
    [ "$(jq -r 'select(.type == "failure" and .known == false) | .reason' ../out)" = "always" ]
    jq -e 'select(.type == "failure" and .known) | .signature' ../out >>../known || true
  done
  [ -s ../known ]  # it did come first
  lockstep verify two.lua --baseline base.jsonl --format ndjson
  exits 1
}

@test "baseline: verify says no proof where known failures were met" {
  two
  lockstep verify two.lua --write-baseline base.jsonl
  exits 0
  lockstep verify two.lua --baseline base.jsonl
  exits 0
  lacks "$out" "VERIFIED"
  has "$out" "known failure"
}

@test "baseline: what it says of scenarios that were not run stays" {
  two
  lockstep run . --write-baseline base.jsonl --strategy pos
  sed -i 's/  error("second first")/  lockstep.yield()/' two.lua
  lockstep run two.lua --write-baseline base.jsonl --strategy pos
  exits 0
  [ "$(jq -r 'select(.signature) | .file' base.jsonl)" = "lost.lua" ]
}

@test "a baseline that is none is refused with its line, and left as it is" {
  bad() {
    printf %b "$1" >base.jsonl
    cp base.jsonl ../was
    for flag in --baseline --write-baseline; do
      lockstep run lost.lua "$flag" base.jsonl --strategy pos --no-shrink
      exits 6
      has "$err" "base.jsonl:$2: "
      cmp base.jsonl ../was
    done
  }
  H='{"type":"baseline","schema":1}\n'
  bad '' 1
  bad 'x\n' 1
  bad '[]\n' 1
  bad '{"type":"run","schema":1}\n' 1
  bad '{"type":"baseline","schema":2}\n' 1
  bad "$H{\"fingerprint\":\"00\"}\n" 2
  bad "$H{\"fingerprint\":\"0123456789abcdeg\",\"file\":\"a\",\"scenario\":\"b\",\"signature\":\"c\"}\n" 2
  bad "$H{\"fingerprint\":" 2
  lockstep run lost.lua --baseline nowhere
  exits 2
  has "$err" "--baseline nowhere: cannot be read"
}

@test "store and baseline together: a known failure is told, and others are still looked for" {
  two
  lockstep run . --store failures --strategy pos
  exits 1
  lockstep run . --store failures --write-baseline base.jsonl --strategy pos
  exits 0
  lockstep run . --store failures --baseline base.jsonl --strategy pos --format ndjson
  exits 0
  [ "$(remembered | sort -u)" = '["still fails",false,false,true]' ]
  [ "$(jq -s '[.[] | select(.type == "scenario")] | length' ../out)" -eq 2 ]
}
