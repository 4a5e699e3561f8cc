# Folders of scenarios: what is found in them, and what one of them does to the others.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

# A folder with a failure, a passing scenario that needs a helper, and a file that is no Lua.
tree() {
  mkdir -p all/sub/lib all/.hidden
  cp "$TOUR" all/lost_update.lua
  echo 'return { n = 1 }' >all/sub/lib/helper.lua
  cat >all/sub/passes.lua <<'LUA'
local lockstep, helper = require "lockstep", require "lib.helper"
lockstep.scenario("passes", function() lockstep.yield() assert(helper.n == 1) end)
LUA
  echo 'not Lua' >all/.hidden/no.lua
  echo 'not Lua' >all/README.md
}

@test "run takes a folder: recursion, helpers pass by, hidden folders are left alone" {
  tree
  lockstep run all --no-shrink --format ndjson
  exits 1
  [ "$(jq -r 'select(.type == "scenario") | .file' out)" = "$(printf 'all/lost_update.lua\nall/sub/passes.lua')" ]
  [ "$(tail -1 out | jq -c '[.scenarios, .failed, .passed, .broken]')" = '[2,1,1,0]' ]
  [ -z "$err" ]
}

@test "a broken file does not stop the others, and its exit code counts at the end" {
  tree
  echo 'local x = (' >all/broken.lua
  lockstep run all --no-shrink --format ndjson
  exits 3
  has "$err" "all/broken.lua:2:"
  [ "$(jq -c 'select(.type == "broken") | [.file, .exit_code]' out)" = '["all/broken.lua",3]' ]
  [ "$(tail -1 out | jq -c '[.scenarios, .failed, .passed, .broken, .exit_code]')" = '[2,1,1,1,3]' ]
  # also if it is named, and if it is its options that are wrong
  scenario named.lua bad <<<''
  sed -i 's/"bad", /"bad", { itterations = 3 }, /' named.lua
  lockstep run named.lua all/sub/passes.lua --format ndjson
  exits 3
  has "$err" "did you mean iterations?"
  [ "$(tail -1 out | jq -c '[.scenarios, .passed, .broken]')" = '[1,1,1]' ]
}

@test "what a scenario requires may make no sense by itself" {
  mkdir -p f/lib
  echo 'assert(require("lib.two") == 2) return 1' >f/lib/one.lua
  echo 'return 2' >f/lib/two.lua
  { echo 'local one = require "lib.one"'; } >f/main.lua
  scenario f/main.lua main <<<'assert(one == 1)'
  lockstep run f --iterations 5 --format ndjson
  exits 0
  [ "$(tail -1 out | jq -c '[.scenarios, .broken]')" = '[1,0]' ]
  [ -z "$err" ]
  rm f/main.lua  # now nobody does
  scenario f/other.lua other <<<''
  lockstep run f --iterations 5
  exits 3
  has "$err" "f/lib/one.lua:1: module"
}

@test "folders and files: none twice, empty ones are refused, --only is exact with =" {
  tree
  lockstep run all/sub all all/sub/passes.lua --only =passes --iterations 3 --format ndjson
  exits 0
  [ "$(jq -c 'select(.type == "scenario") | .scenario' out)" = '"passes"' ]
  lockstep run all --only =passe
  exits 2
  has "$err" 'did you mean "passes"?'
  mkdir empty
  lockstep run empty
  exits 2
  has "$err" "empty: no Lua file in this folder"
  lockstep run all/sub/lib
  exits 2
  has "$err" "no scenario in 1 Lua file"
  lockstep run alll
  exits 2
  has "$err" "cannot read scenario file 'alll'"
}

@test "verify, lint and list take folders, and go on after a broken file" {
  tree
  lockstep verify all/sub
  exits 0
  has "$out" "passes: VERIFIED"
  lockstep list scenarios all
  exits 0
  [ "$out" = "$(printf 'all/lost_update.lua:6: lost update\nall/sub/passes.lua:2: passes')" ]
  lockstep lint all
  exits 0
  has "$out" "0 findings in 3 files"
  echo 'local x = (' >all/broken.lua
  echo 'counter = 1' >all/zglobal.lua
  lockstep list scenarios all
  exits 3
  has "$out" "all/sub/passes.lua:2: passes"
  lockstep lint all
  exits 3
  has "$err" "all/broken.lua:2:"
  has "$out" "in 4 files"
}

@test "a folder that links into itself ends, and a file that cannot be read is broken" {
  tree
  ln -s .. all/sub/up
  ln -s "$PWD/nowhere.lua" all/dangling.lua
  lockstep list scenarios all
  exits 0
  [ "$(wc -l <<<"$out")" -eq 2 ]
}

# Two searches that end by nothing but time, and one that is over at once.
busy() {
  mkdir -p busy
  local name
  for name in a c; do
    scenario "busy/$name.lua" "$name" <<'LUA'
  local t = lockstep.ets.new("t", { "public" })
  for i = 1, 6 do lockstep.spawn(function() for k = 1, 6 do lockstep.ets.insert(t, { 1, i * 10 + k }) end end) end
  lockstep.sleep(10)
LUA
  done
  scenario busy/b.lua b <<<'lockstep.yield()'
}

@test "--total-time is shared out, and what is left of it is used to find more" {
  busy
  lockstep run busy --total-time 3s --strategy pos --format ndjson
  exits 0
  [ "$(tail -1 out | jq -c '[.scenarios, .not_run]')" = '[3,[]]' ]
  # the default number of executions was no limit, since there was time
  local name
  for name in a b c; do
    n=$(jq "select(.type == \"scenario\" and .scenario == \"$name\") | .iterations + ([.earlier[].iterations] | add // 0)" out)
    [ "$n" -gt 1000 ] || { echo "$name: $n"; return 1; }
  done
  # other executions each time: no seed twice
  [ -z "$(jq -r 'select(.type == "scenario") | .scenario as $s | ([.seed] + [.earlier[].seed])[] | "\($s) \(.)"' out | sort | uniq -d)" ]
  # what was asked for is a limit
  lockstep run busy --total-time 20s --strategy pos --iterations 50 --format ndjson
  exits 0
  [ "$(jq -c 'select(.type == "scenario") | [.iterations, (.earlier | length)]' out | sort -u)" = '[50,0]' ]
}

@test "--total-time gives each proof its share, and the rest to those that were not done" {
  busy
  lockstep verify busy --total-time 2s --format ndjson
  exits 5
  [ "$(tail -1 out | jq -c '[.scenarios, .incomplete, .passed, .not_run]')" = '[3,2,1,[]]' ]
  [ "$(jq -r 'select(.type == "scenario") | .scenario' out | sort | tr '\n' ' ')" = 'a b c ' ]
}

@test "--total-time beside --time: no scenario has more than its own" {
  busy
  local began
  began=$(date +%s)
  lockstep run busy --total-time 60s --time 300ms --strategy pos --format ndjson
  exits 0
  [ $(($(date +%s) - began)) -lt 30 ]
  [ "$(jq -c 'select(.type == "scenario" and .scenario != "b") | .earlier' out | sort -u)" = '[]' ]
}

@test "^C: what was not come to is not said to have had no time, and reports tell it" {
  busy
  "$LOCKSTEP" run busy --strategy pos --time 60s --iterations 100000000 --report tap=r.tap >out 2>err &
  local pid=$!
  sleep 1
  kill -INT $pid
  status=0
  wait $pid || status=$?
  [ "$status" -eq 130 ]
  lacks "$(cat out)" "--total-time"
  has "$(cat r.tap)" 'message: "interrupted"'
}
