# Bull and BullMQ from the npm registry, unmodified, in the build folder: scenarios/real. Skipped, with a word, where there is
# no node, no npm, or no registry.
load common

setup_file() {
  export NPM="${LOCKSTEP:-$BATS_TEST_DIRNAME/../../build/release/lockstep}"
  NPM=$(dirname "$NPM")/npm
  local why=""
  command -v node >/dev/null || why="node is not installed"
  command -v npm >/dev/null || why="npm is not installed"
  if [ -z "$why" ]; then
    timeout 180 "$BATS_TEST_DIRNAME/../../scenarios/real/packages.sh" "$NPM" >"$BATS_FILE_TMPDIR/npm" 2>&1 ||
      why="npm cannot install the packages: $(tail -1 "$BATS_FILE_TMPDIR/npm")"
  fi
  export WHY="$why"
}
setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  REAL="$LOCKSTEP_ROOT/scenarios/real"
}
packages() { [ -z "$WHY" ] || skip "$WHY"; }

# race FILE NAME SIGNATURE LINE: found within 1,000 executions with default options, and it is that one: the line has that text.
race() {
  local line
  line=$(grep -nF "$4" "$REAL/$1" | cut -d: -f1)
  lockstep run "$REAL/$1" --path "$NPM/node_modules" --only "$2" --iterations 1000 --no-shrink
  exits 0
  has "$out" "failed as expected"
  has "$out" "signature: $3 at $1:$line"
}

@test "bull 258, 356, 370: what a stalled check does between moving a job and taking its lock" {
  packages
  race bull_stalled_check.lua "taken as stalled" crash "assert(not watched.stalled"
  race bull_stalled_check.lua "removed job is processed again" assertion "assert(times == 1"
  race bull_stalled_check.lua "put back is processed twice" assertion "assert(times == 1"
  lockstep run "$REAL/bull_stalled_check.lua" --path "$NPM/node_modules" --only "1.1.3" --iterations 300
  exits 0
}

@test "bull 371: who has lost the lock brings a finished job back; its repair" {
  packages
  race bull_late_failure.lua "2.0.0" assertion "was completed and removed"
  lockstep run "$REAL/bull_late_failure.lua" --path "$NPM/node_modules" --only "2.1.0" --iterations 300
  exits 0
}

@test "bull 498: a job is delayed without its lock; its repair is proved" {
  packages
  race bull_delayed_without_lock.lua "2.2.6" assertion "assert(places == wanted"
  lockstep verify "$REAL/bull_delayed_without_lock.lua" --path "$NPM/node_modules" --only "3.0.0"
  exits 0
  has "$out" "VERIFIED, all"
}

@test "bull 1600: a job that has finished stays marked as stalled; its repair is proved" {
  packages
  race bull_stalled_mark.lua "3.22.11" assertion "is taken for stalled"
  lockstep verify "$REAL/bull_stalled_mark.lua" --path "$NPM/node_modules" --only "3.23.0"
  exits 0
  has "$out" "VERIFIED, all"
}

@test "bullmq 338: a job that is promoted while the queue is paused is lost; its repair, and what that leaves" {
  packages
  race bullmq_promote_paused.lua "a promoted job is lost" assertion "is lost\")"
  race bullmq_promote_paused.lua "if none waited" assertion "is lost\")"
  lockstep verify "$REAL/bullmq_promote_paused.lua" --path "$NPM/node_modules" --only "if one waited"
  exits 0
  has "$out" "VERIFIED, all"
}

@test "bullmq 2389: a delayed job's marker takes the place of another's; its repair" {
  packages
  race bullmq_marker.lua "5.1.9" crash "assert(late"
  lockstep run "$REAL/bullmq_marker.lua" --path "$NPM/node_modules" --only "5.1.10" --iterations 300
  exits 0
}

@test "bullmq 6.7.0: each job in one place, completed once, never lost, also if a worker stalls" {
  packages
  lockstep verify "$REAL/bullmq_current.lua" --path "$NPM/node_modules" --preemptions 1 --judge 0
  exits 0
  has "$out" "a check: VERIFIED within 1 preemption"
  has "$out" "a worker that stalls: VERIFIED within 1 preemption"
  has "$out" "taken again: reached in"
}

@test "--- @include: every script of bullmq is what its own build makes of it" {
  packages
  for version in 5.1.10 6.7.0; do
    base="bullmq-$version/dist/cjs"
    {
      echo 'local lockstep, redis = require "lockstep", require "lockstep.redis"'
      echo 'local function lines(text) return (("\n" .. text .. "\n"):gsub("\n%s+", "\n"):gsub("%s+\n", "\n")) end'
      echo 'local n = 0'
      for file in "$NPM/node_modules/$base/commands"/*-*.lua; do
        name=$(basename "$file" .lua)
        echo "do local js = lockstep.source(\"$base/scripts/$name.js\"):match('content = \`(.-)\`;')"
        echo "  js = js:gsub('\\\\\\\\(.)', '%1')"
        echo "  n = n + 1"
        echo "  if lines(redis.load(\"$base/commands/$name.lua\").text) ~= lines(js) then error(\"$name differs\") end end"
      done
      echo 'lockstep.scenario("all", function() print(n) error("as many", 0) end)'
    } >all.lua
    lockstep run all.lua --path "$NPM/node_modules" --iterations 1 --no-shrink --full
    exits 1
    n=$(find "$NPM/node_modules/$base/commands" -maxdepth 1 -name '*-*.lua' | wc -l)
    [ "$n" -gt 30 ]
    has "$out" "P0(root): $n"
  done
}

@test "--- @include by hand: nested, twice, in folders; and what is wrong with one" {
  mkdir -p lib/includes
  printf -- '--- @include "includes/a"\n--- @include "includes/b"\nreturn a() + b() + #KEYS\n' >lib/sum-2.lua
  printf -- '--- @include "b"\nlocal function a() return 10 * b() end\n' >lib/includes/a.lua
  printf -- 'local function b() return 1 end\n' >lib/includes/b.lua
  cat >load.lua <<'LUA'
local lockstep, redis = require "lockstep", require "lockstep.redis"
local sum = redis.load "sum-2.lua"
lockstep.scenario("sum", function()
  local c = redis.server():connect()
  assert(sum.name == "sum" and sum.keys == 2)
  assert(c:run(sum, "k", "l") == 13 and c:run(sum, "k", "l", "argument") == 13)
  assert(c:evalsha(sum.sha, 0) == 11)
end)
LUA
  lockstep verify load.lua --path lib
  exits 0
  printf -- '--- @include "../../elsewhere"\n' >lib/includes/b.lua
  lockstep run load.lua --path lib
  exits 3
  has "$err" 'load.lua:2: includes/b.lua: @include "../../elsewhere" leads out of the folders that are searched'
  printf -- '--- @include "a"\n' >lib/includes/b.lua
  lockstep run load.lua --path lib
  exits 3
  has "$err" 'load.lua:2: includes/b.lua: @include "a" comes back to includes/a.lua'
  rm lib/includes/b.lua
  lockstep run load.lua --path lib
  exits 3
  has "$err" "source 'includes/b.lua' not found"
  sed -i 's/sum-2.lua/sum.lua/' load.lua
  lockstep run load.lua --path lib
  exits 3
  has "$err" "load.lua:2: redis.load: how many keys has sum.lua? A second argument, or FILE-N.lua, says so"
}

@test "without its package a scenario says what installs it" {
  lockstep run "$REAL/bull_stalled_mark.lua" --path /nowhere
  exits 3
  has "$err" "source 'bull-3.22.11/lib/commands/moveToFinished-7.lua' not found"
  has "$err" "install it (npm install bull-3.22.11@npm:bull@3.22.11) and name the folder: --path node_modules"
}
