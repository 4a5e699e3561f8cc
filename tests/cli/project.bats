# lockstep.toml: what would be flags; and where a value came from.
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  mkdir -p work/sub/deep
  cd work || exit 1
  scenario plain.lua plain <<<'lockstep.yield()'
}

# setting FLAG: its value and origin, of those that count.
setting() {
  jq -r "select(.type == \"setting\" and .flag == \"$1\" and .overridden_by == \"\") | \"\(.value) \(.from)\"" ../out
}

@test "the nearest file upwards counts, a scenario's options win over it, and flags over both" {
  printf 'strategy = "pos"\niterations = 7\nseed = 3\n' >lockstep.toml
  lockstep run plain.lua --format ndjson
  [ "$(jq -c 'select(.type == "scenario") | [.strategy, .iterations, .seed]' ../out)" = '["pos",7,3]' ]
  cd sub/deep
  lockstep run ../../plain.lua --seed 4 --format ndjson
  [ "$(jq -c 'select(.type == "scenario") | [.strategy, .iterations, .seed]' ../../../out)" = '["pos",7,4]' ]
  cd ../..
  sed 's/"plain", /"own", { iterations = 5, seed = 9 }, /' plain.lua >own.lua
  lockstep run own.lua --seed 4 --format ndjson
  [ "$(jq -c 'select(.type == "scenario") | [.strategy, .iterations, .seed]' ../out)" = '["pos",5,4]' ]
  lockstep run plain.lua --config none --format ndjson
  [ "$(jq -c 'select(.type == "scenario") | [.iterations, .seed]' ../out)" != '[7,3]' ]
  echo 'iterations = 2' >other.toml
  lockstep run plain.lua --config other.toml --strategy pos --format ndjson
  [ "$(jq -c 'select(.type == "scenario") | .iterations' ../out)" = 2 ]
}

@test "a table is of one command; how to sample is nothing to verify" {
  printf 'strategy = "pos"\niterations = 1\n[verify]\nreduce = "none"\n[run]\niterations = 4\n' >lockstep.toml
  lockstep run plain.lua --format ndjson
  [ "$(jq -c 'select(.type == "scenario") | .iterations' ../out)" = 4 ]
  lockstep verify plain.lua --show-config --format ndjson
  [ "$(jq -r .flag ../out | tr '\n' ' ')" = '--reduce --format ' ]
  lockstep verify plain.lua
  exits 0
  has "$out" "VERIFIED"
}

@test "paths: what to run if nothing is named, and where files go, from the project's folder" {
  printf 'paths = ["plain.lua"]\niterations = 3\nstrategy = "pos"\nreport = ["junit=out.xml", "tap=out.tap"]\n' >lockstep.toml
  cd sub/deep
  lockstep run
  exits 0
  has "$out" "plain: no failure found"
  [ -f ../../out.xml ] && [ -f ../../out.tap ]
  lockstep list scenarios
  exits 0
  has "$out" "plain.lua:2: plain"
  lockstep lint
  exits 0
  # a flag takes the place of the list
  rm ../../out.*
  lockstep run --report tap=here.tap
  [ -f here.tap ] && [ ! -f ../../out.xml ]
}

@test "--show-config tells where each came from, and runs nothing" {
  printf '# a comment\niterations = 7\nkeep_going = true\n\n[run]\nseed = "0x10"\n' >lockstep.toml
  sed 's/"plain", /"own", { iterations = 5 }, /' plain.lua >own.lua
  lockstep run own.lua --strategy pos --max-failures 2 --show-config --format ndjson
  exits 0
  [ "$(setting --strategy)" = "pos the command line" ]
  [ "$(setting --seed)" = "0x10 lockstep.toml:6" ]
  has "$(setting --iterations)" "7 lockstep.toml:2"
  has "$(setting --iterations)" '5 own.lua:2, scenario "own"'
  # --keep-going of the file yields to what was asked for
  [ -z "$(setting --keep-going)" ]
  lockstep run own.lua --strategy pos --show-config
  has "$out" "project file: lockstep.toml"
  [ ! -e traces ]
}

# bad LINE TEXT: refused with that line and text.
bad() {
  lockstep run plain.lua
  exits 2
  has "$err" "lockstep.toml:$1: $2"
}

@test "what is wrong in the file is told with its line" {
  printf '\nstratgey = "pos"\n' >lockstep.toml
  bad 2 "unknown key 'stratgey'"
  has "$err" "did you mean strategy?"
  printf 'max-steps = 3\n' >lockstep.toml
  bad 1 "unknown key 'max-steps'"
  has "$err" "did you mean max_steps?"
  printf '[verify]\n\ndepth = 3\n' >lockstep.toml
  bad 3 "unknown key of [verify] 'depth'"
  printf '[rum]\n' >lockstep.toml
  bad 1 "unknown table 'rum'"
  has "$err" "did you mean run?"
  printf '[replay]\n' >lockstep.toml
  bad 1 "'replay' reads no project file"
  printf 'iterations = 0\n' >lockstep.toml
  bad 1 "iterations must be a whole number of at least 1, got '0'"
  printf 'strategy = "poss"\n' >lockstep.toml
  bad 1 "strategy must be the name of a strategy"
  printf '[verify]\ncolor = "blue"\n' >lockstep.toml  # another command's counts too
  bad 2 "color must be one of"
  printf 'keep_going = "yes"\n' >lockstep.toml
  bad 1 "keep_going must be true or false"
  printf 'seed = [1, 2]\n' >lockstep.toml
  bad 1 "seed takes one value, not a list"
  printf 'seed = 1979-05-27\n' >lockstep.toml
  bad 1 "seed must be text or a number"
  printf 'config = "x"\n' >lockstep.toml
  bad 1 "unknown key 'config'"
  printf 'seed = \n' >lockstep.toml
  lockstep run plain.lua
  exits 2
  has "$err" "lockstep.toml:1:"
  printf 'keep_going = true\nmax_failures = 2\n' >lockstep.toml
  lockstep run plain.lua
  exits 2
  has "$err" "in one file"
  lockstep run plain.lua --config nowhere.toml
  exits 2
  has "$err" "nowhere.toml: cannot be read"
  head -c 2000000 /dev/zero >lockstep.toml
  lockstep run plain.lua
  exits 2
  has "$err" "larger than 1 MiB"
}

@test "every flag of the commands' help is a key, and no other" {
  local flag
  for flag in $("$LOCKSTEP" run --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | grep -vE -- '--(config|show-config)$'); do
    key=${flag#--}
    echo "${key//-/_} = 1979-05-27" >lockstep.toml
    lockstep run plain.lua
    exits 2
    lacks "$err" "unknown"
  done
}
