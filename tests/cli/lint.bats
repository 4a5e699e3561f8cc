# lockstep lint: findings with file and line, exit codes, and what run shows of it.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

@test "nothing found: exit 0" {
  lockstep lint "$TOUR"
  exits 0
  [ "$out" = "0 findings in 1 file" ]
  [ -z "$err" ]
  lockstep lint "$TOUR" -q
  exits 0
  [ -z "$out" ]
}

@test "findings: file, line, rule and what to do; exit 1" {
  scenario bad.lua bad <<'LUA'
local n = 0
lockstep.spawn(function() n = n + 1 end)
assert(n == 1 and os)
LUA
  lockstep lint bad.lua
  exits 1
  has "$out" "bad.lua:4: writes its own copy of 'n' (line 3): line 5 does not see it (captured-write)"
  has "$out" "bad.lua:5: 'os' is not available in a scenario (outside-sandbox)"
  has "$out" "  hint: "
  has "$out" "2 findings in 1 file"
  [ -z "$err" ]
}

@test "ndjson: one finding a line, then a summary" {
  scenario bad.lua bad <<<'total = 1'
  lockstep lint bad.lua "$TOUR" --format ndjson
  exits 1
  jq -e . out >/dev/null
  [ "$(jq -r 'select(.type == "finding") | "\(.file):\(.line) \(.rule)"' out)" = "bad.lua:3 global-write" ]
  [ "$(jq -r 'select(.type == "summary") | "\(.files) \(.findings) \(.exit_code)"' out)" = "2 1 1" ]
}

@test "what cannot be parsed: exit 3 with its line; what cannot be read: exit 2" {
  printf 'local x = 1\nlocal = 2\n' >broken.lua
  lockstep lint broken.lua
  exits 3
  has "$err" "broken.lua:2:"
  { printf 'local x = '; head -c 1000 /dev/zero | tr '\0' '('; } >deep.lua
  lockstep lint "$TOUR" deep.lua
  exits 3
  has "$err" "deep.lua: C stack overflow"
  lockstep lint missing.lua
  exits 2
  has "$err" "missing.lua"
  lockstep lint
  exits 2
}

@test "run shows findings once, on stderr, unless quiet" {
  scenario odd.lua odd <<'LUA'
local n = 0
lockstep.spawn(function() n = n + 1 end)
return n
LUA
  lockstep run odd.lua --iterations 50
  exits 0
  [ "$(grep -c 'odd.lua:4: .*captured-write' err)" -eq 1 ]
  lacks "$out" captured-write
  lockstep run odd.lua --iterations 50 -q
  exits 0
  [ -z "$err" ]
}
