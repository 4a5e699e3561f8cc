# --report: what CI services read. Checked by xmllint, prove, and Microsoft's validator of SARIF.
load common

# A repository with scenarios that fail, pass, are broken, and say what harms.
setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  mkdir -p repo/.git repo/tests/conc
  cd repo || exit 1
  cp "$TOUR" tests/conc/lost_update.lua
  scenario tests/conc/passes.lua passes <<<'lockstep.yield()'
}

XSD=$LOCKSTEP_ROOT/tests/data/schema/junit.xsd
ALL=(--report junit=r.xml --report sarif=r.sarif --report tap=r.tap --report markdown=r.md)

xpath() { xmllint --xpath "$1" r.xml; }

hostile() {
  cat >tests/conc/hostile.lua <<'LUA'
local lockstep = require "lockstep"
lockstep.scenario('<a href="x">&amp; ]]> | `code` ]( # ::error:: %0A', function()
  error("</failure>]]>\27[31m\n::error file=x::y \0 \xff \xef\xbf\xbf |`| [link](http://x) 100% # TODO")
end)
LUA
}

@test "junit: a suite a file, a case a scenario, by the schema; stdout stays as it is" {
  echo 'local x = (' >tests/conc/broken.lua
  lockstep run tests --no-shrink
  plain=$out
  lockstep run tests --no-shrink "${ALL[@]}"
  exits 3
  # but for rates
  diff <(grep -vE 'rate:|cpu' <<<"$plain") <(grep -vE 'rate:|cpu' <<<"$out")
  xmllint --noout --schema "$XSD" r.xml
  [ "$(xpath 'concat(/testsuites/@tests, /testsuites/@failures, /testsuites/@errors, /testsuites/@skipped)')" = 3110 ]
  [ "$(xpath 'string(//testcase[failure]/@file)')" = tests/conc/lost_update.lua ]
  [ "$(xpath 'string(//testcase[failure]/@line)')" = 6 ]
  [ "$(xpath 'string(//failure/@type)')" = assertion ]
  has "$(xpath 'string(//failure/@message)')" "assertion at lost_update.lua:22"
  has "$(xpath 'string(//failure)')" "Replay with: lockstep replay --trace traces/"
  [ "$(xpath 'string(//testcase[error]/@file)')" = tests/conc/broken.lua ]
}

@test "junit: not run is skipped, incomplete is an error" {
  scenario tests/conc/zlong.lua long <<'LUA'
  local t = lockstep.ets.new("t", { "public" })
  for i = 1, 6 do lockstep.spawn(function() for k = 1, 6 do lockstep.ets.insert(t, { 1, i * 10 + k }) end end) end
  lockstep.sleep(10)
LUA
  lockstep verify tests/conc/zlong.lua --time 200ms --report junit=r.xml --report tap=r.tap
  exits 5
  xmllint --noout --schema "$XSD" r.xml
  [ "$(xpath 'string(//error/@type)')" = incomplete ]
  has "$(cat r.tap)" "not ok 1 - tests/conc/zlong.lua: long"
}

@test "sarif: a result a failure with its line, one thread flow a process, in the order of steps" {
  lockstep run tests "${ALL[@]}" --strategy pos --full
  exits 1
  jq -e '.version == "2.1.0" and (.runs | length) == 1' r.sarif
  [ "$(jq -c '[.runs[0].results[0].locations[0].physicalLocation | .artifactLocation.uri, .region.startLine]' r.sarif)" = '["tests/conc/lost_update.lua",22]' ]
  [ "$(jq -c '[.runs[0].results[0].codeFlows[0].threadFlows[].id]' r.sarif)" = '["P0(root)","P1(increment)","P2(increment)"]' ]
  # each step of the report once, under its number
  jq -e '[.runs[0].results[0].codeFlows[0].threadFlows[].locations[].executionOrder] | sort == unique' r.sarif
  [ "$(jq '[.runs[0].results[0].codeFlows[0].threadFlows[].locations[]] | length' r.sarif)" -eq "$(grep -cE '^    step [0-9]+ ' <<<"$out")" ]
  jq -e '[.runs[0].results[0].codeFlows[0].threadFlows[].locations[].location.physicalLocation.artifactLocation.uri] | unique == ["tests/conc/lost_update.lua"]' r.sarif
}

@test "fingerprints stay when lines move or a folder is entered, and differ between failures" {
  print() { jq -r '[.runs[0].results[].partialFingerprints["lockstepFailure/v1"]] | sort | join(" ")' "$1"; }
  lockstep run tests --no-shrink --report sarif=r.sarif --seed 5
  before=$(print r.sarif)
  sed -i '1i -- a line more' tests/conc/lost_update.lua
  cd tests/conc
  lockstep run . --no-shrink --report sarif=r.sarif
  [ "$(print r.sarif)" = "$before" ]
  [ "$(jq -r '.runs[0].results[0].locations[0].physicalLocation.region.startLine' r.sarif)" = 23 ]
  sed -i 's/expected 2/wanted 2/' lost_update.lua  # another line, another failure
  lockstep run . --no-shrink --report sarif=r.sarif
  [ "$(print r.sarif)" != "$before" ]
}

@test "tap: prove reads it" {
  lockstep run tests --no-shrink --report tap=r.tap
  prove --exec cat r.tap >proved || true
  has "$(cat proved)" "Failed test:  1"
  has "$(cat proved)" "Failed 1/2 subtests"
}

@test "github: annotations on stderr, one a failure, nothing on stdout" {
  lockstep run tests --report github --strategy pos
  exits 1
  lacks "$out" "::error"
  has "$err" "::error file=tests/conc/lost_update.lua,line=22,title=lost update%3A assertion at lost_update.lua%3A22::expected 2, got 1%0A"
  [ "$(grep -c '^::' <<<"$err")" -eq 1 ]
}

@test "what a scenario says is nothing but itself in any format" {
  hostile
  lockstep run tests/conc/hostile.lua --no-shrink "${ALL[@]}" --report github
  exits 1
  xmllint --noout --schema "$XSD" r.xml
  [ "$(xpath 'count(//testcase)')" -eq 1 ]
  jq -e '.runs[0].results | length == 1' r.sarif
  jq -e '[.. | .text? // empty | select(contains("]("))] == []' r.sarif
  [ "$(grep -c '^::' <<<"$err")" -eq 1 ]
  prove --exec cat r.tap >proved || true
  has "$(cat proved)" "Failed 1/1 subtests"
  # a table's row has its four cells
  [ "$(grep -c '^|' r.md)" -eq 3 ]
  [ "$(sed -n '/^| `/p' r.md | sed 's/\\|//g' | tr -cd '|' | wc -c)" -eq 5 ]
  run grep -cP '[\x00-\x08\x1b]' r.xml r.sarif r.tap r.md
  [ "$status" -eq 1 ]
}

@test "markdown: a table, the diagram, the command that replays" {
  lockstep run tests "${ALL[@]}" --strategy pos
  has "$(cat r.md)" "## lockstep run: 1 of 2 scenarios failed"
  has "$(cat r.md)" "sequenceDiagram"
  has "$(cat r.md)" "lockstep replay --trace traces/"
}

@test "bad reports are refused before anything runs; what cannot be written costs no report" {
  for bad in junit junit= junit=- xml=x github=x ''; do
    lockstep run tests --report "$bad"
    exits 2
    has "$err" "--report"
    [ ! -e traces ]
  done
  has "$err" "needs a value"
  lockstep run tests --report junti=x
  has "$err" "did you mean junit?"
  lockstep run tests --report junit=x --report tap=x
  exits 2
  has "$err" "named twice"
  lockstep run tests/conc/passes.lua --report junit=nowhere/x --report tap=r.tap
  exits 6
  has "$err" "--report: cannot write nowhere/x"
  has "$out" "passes: VERIFIED"
  [ -s r.tap ]
  lockstep run tests --report junit=nowhere/x --no-shrink  # a failure says more
  exits 1
  [ -z "$(find . -name '*.partial*')" ]
}

@test "sarif: Microsoft's validator finds no error" {
  [ -x "$(command -v npm)" ] || skip "no npm"
  local home=${XDG_CACHE_HOME:-$HOME/.cache}/lockstep-npm tool
  tool=$home/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
  if [ ! -f "$tool" ]; then
    timeout 120 npm install --silent --no-audit --no-fund --prefix "$home" @microsoft/sarif-multitool-linux@5.7.0 >/dev/null 2>&1 ||
      skip "the npm registry cannot be reached"
  fi
  chmod u+x "$tool"
  hostile
  echo 'local x = (' >tests/conc/broken.lua
  lockstep run tests --report sarif=r.sarif
  exits 3
  DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 timeout 100 "$tool" validate r.sarif --output v.sarif --log ForceOverwrite >said 2>&1 || true
  [ -s v.sarif ] || { cat said; return 1; }
  errors=$(jq -c '[.runs[].results[]? | select(.level == "error") | [.ruleId, .message]]' v.sarif)
  [ "$errors" = '[]' ] || { echo "$errors"; return 1; }
}
