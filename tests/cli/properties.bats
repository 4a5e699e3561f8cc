# lockstep.cover: goals are counted over all executions, and missed ones named.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

goals() {
  cat >goals.lua <<'LUA'
local lockstep = require "lockstep"
lockstep.scenario("goals", { cover = { "one", "nowhere" } }, function()
  local n = lockstep.choose(4)
  if n == 1 then lockstep.cover("one") end
  if n >= 3 then lockstep.cover("more") end
  lockstep.cover("always")
  lockstep.cover("always")
  assert(n > 0)
end)
LUA
}

@test "goals are counted over executions: each value of a choice once under dfs" {
  goals
  lockstep run goals.lua --strategy dfs
  exits 0
  has "$out" "nowhere: never reached"
  has "$out" "one: reached in 1 of 4 executions"
  has "$out" "more: reached in 2 of 4 executions"
  has "$out" "always: reached in 4 of 4 executions"
  lockstep run goals.lua --strategy dfs --cover gone --cover gone
  [ "$(grep -c "gone: never reached" out)" -eq 1 ]
}

@test "ndjson has the counts, and 0 for a goal that was named and not reached" {
  goals
  lockstep run goals.lua --strategy dfs --cover gone --format ndjson
  exits 0
  [ "$(jq -c 'select(.type == "scenario") | .activity.goals' out)" = '{"gone":0,"always":4,"more":2,"one":1}' ]
  [ "$(jq -c 'select(.type == "scenario") | .activity | [.executions, .assertions, .processes_most]' out)" = '[4,4,1]' ]
}

@test "the counts are the same whatever the number of workers, also where a failure ends the run" {
  cat >ends.lua <<'LUA'
local lockstep = require "lockstep"
lockstep.scenario("ends", function()
  lockstep.cover("begun")
  local n = lockstep.choose(60)
  lockstep.cover("n" .. n % 3)
  assert(n ~= 7)
end)
LUA
  for jobs in 1 2 4; do
    "$LOCKSTEP" run ends.lua --strategy random --seed 5 -j "$jobs" --no-shrink --format ndjson |
      jq -c 'select(.type == "scenario") | [.iterations, .activity]' >"out$jobs"
  done
  diff out1 out2
  diff out1 out4
  [ "$(jq '.[0] == .[1].executions and .[1].goals.begun == .[0]' out1)" = true ]
}

@test "messages never read and processes that never ran are counted" {
  scenario vacuous.lua vacuous <<'LUA'
  local p = lockstep.spawn(function() lockstep.recv() end)
  lockstep.send(p, 1)
  lockstep.send(lockstep.self(), 2)
LUA
  lockstep run vacuous.lua --strategy dfs --format ndjson
  exits 0
  # Two messages sent; the root never reads its own, the child reads its one in some schedules.
  [ "$(jq 'select(.type == "scenario") | .activity | .with_unread_messages == .executions and .unread_messages > .executions and .with_idle_process > 0 and .with_idle_process < .executions and .assertions == 0' out)" = true ]
}

# Two steps of the child's and the root's end: 3 orders, in one of which the child has ended first (its exit is a step too, but nothing to do). A
# server that waits is none that could go on.
@test "a clean report says in how many executions the root returned while others could go on" {
  scenario early.lua early <<<'lockstep.spawn(function() lockstep.yield() end)'
  lockstep run early.lua --strategy dfs --format ndjson
  exits 0
  [ "$(jq 'select(.type == "scenario") | .activity | .cut_short > 0 and .cut_short < .executions' out)" = true ]
  lockstep run early.lua --strategy dfs
  [[ $out =~ ended:\ +in\ ([0-9]+)\ of\ ([0-9]+)\ executions\ the\ root\ returned\ while\ others\ could\ go\ on ]]
  [ "${BASH_REMATCH[1]}" -lt "${BASH_REMATCH[2]}" ]
  has "$out" "drain = true"
  scenario drained.lua drained <<<'lockstep.spawn(function() lockstep.yield() end)'
  sed -i 's/scenario("drained", /&{ drain = true }, /' drained.lua
  lockstep run drained.lua --strategy dfs
  exits 0
  lacks "$out" "ended:"
  scenario server.lua server <<<'lockstep.spawn(function() lockstep.recv() end) lockstep.sleep(10)'
  lockstep run server.lua --strategy dfs
  exits 0
  lacks "$out" "ended:"
}

@test "bad names of goals" {
  scenario bad.lua bad <<<'lockstep.cover(7)'
  lockstep run bad.lua --no-shrink
  exits 1
  has "$out" "bad argument #1 to 'cover'"
  printf '%s\n' 'local lockstep = require "lockstep"' 'lockstep.scenario("x", { cover = { 1 } }, function() end)' >list.lua
  lockstep run list.lua
  exits 3
  has "$err" "a list of strings"
  lockstep run list.lua --cover ""
  exits 2
}

@test "who could have gone on when the root returned, and who not; the same whatever -j is" {
  cat >early.lua <<'LUA'
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"
local gen_server = require "lockstep.gen_server"
local function count(cells) atomics.add(cells, 1, 1) end
local function busy()
  lockstep.spawn(count, atomics.new(1))
  lockstep.spawn(count, atomics.new(1))
end
lockstep.scenario("left", busy)
lockstep.scenario("drained", { drain = true }, busy)
lockstep.scenario("failing", function() busy() error("no") end)
lockstep.scenario("server", function()
  local server = gen_server.start({
    init = function() return "ok", 0 end,
    handle_call = function(_, _, state) return "reply", "ok", state end,
  }, 1)
  assert(gen_server.call(server, "x") == "ok")
end)
lockstep.scenario("only the end", function()
  lockstep.spawn_link(lockstep.send, lockstep.self(), "done")
  lockstep.recv()
end)
lockstep.scenario("heard of", function()
  local me = lockstep.self()
  local pid = lockstep.spawn(lockstep.send, me, "done")
  lockstep.spawn(function() lockstep.monitor(pid) lockstep.send(me, "done") lockstep.recv() end)
  lockstep.recv() lockstep.recv()
end)
lockstep.scenario("on its way", { delivery = "async" }, function()
  lockstep.send(lockstep.spawn(lockstep.recv), "x")
end)
LUA
  local figures='select(.type == "scenario") | [.scenario, .activity.cut_short, .activity.executions]'
  for command in "run --iterations 700 --strategy random" "run --iterations 700 --strategy pos"; do
    for j in 1 2; do
      lockstep $command early.lua -j $j --format ndjson --keep-going
      jq -c "$figures" out >"figures.$j"
    done
    diff figures.1 figures.2
    left() { jq -r --arg s "$1" 'select(.[0] == $s) | "\(.[1] > 0) \(.[1] <= .[2])"' figures.1; }
    [ "$(left left)" = "true true" ]
    [ "$(left drained)" = "false true" ]
    [ "$(left failing)" = "false true" ]
    [ "$(left server)" = "false true" ]
    [ "$(left "only the end")" = "false true" ]
    [ "$(left "heard of")" = "true true" ]
    [ "$(left "on its way")" = "true true" ]
  done
}
