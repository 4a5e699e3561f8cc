# lockstep run --races: the races of passing and failing executions, by pattern; their repairs have none.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

# races FOLDER/NAME: the kinds found in scenarios/FOLDER/NAME.lua, one a line.
races() {
  "$LOCKSTEP" run "$LOCKSTEP_ROOT/scenarios/$1.lua" --strategy pos -n 300 --max-failures 100 --races --no-shrink --format ndjson |
    jq -r 'select(.type == "scenario") | .races.pairs[].kind' | sort -u
}

# told KIND NAME: the bug shows that kind of race, its repair does not.
told() {
  has "$(races "bugs/$2")" "$1"
  lacks "$(races "fixed/$2")" "$1"
}

@test "a lost update" { told "lost update" lost_update_ets; told "lost update" lost_update_atomics; }
@test "check then act" { told "check then act" limiter; told "check then act" stale_cache; }
@test "publish before init" { told "publish before init" publish_before_init; }
@test "message order: the repair sends both by one path" { told "message order" relay_overtaken; }

@test "a name race of look-up and registration; the repair has registrations only, and both orders were seen" {
  has "$(races bugs/check_then_register)" "name race"
  lockstep run "$LOCKSTEP_ROOT/scenarios/fixed/check_then_register.lua" --strategy pos --races
  exits 0
  lacks "$out" "whereis ("
  has "$(grep 'name race' <<<"$out")" "both orders seen"
}

@test "the list gives object, both lines, and which order was seen" {
  scenario once.lua once <<'LUA'
  local a = lockstep.atomics.new(1)
  lockstep.spawn(function()
    lockstep.atomics.put(a, 1, 1)
  end)
  lockstep.yield()
  lockstep.atomics.put(a, 1, 2)
LUA
  lockstep run once.lua -n 1 --races
  exits 0
  has "$out" "1 racing pair in 1 sampled execution, 1 seen in one order only"
  [[ "$out" =~ two\ writes\ +atomics#1\[1\]:\ atomics.put\ \(once.lua:5\)\ and\ atomics.put\ \(once.lua:8\)\;\ only ]]
  lockstep run once.lua -s dfs --races
  has "$out" "both orders seen"
}

@test "every report has one line on races, and the same whatever -j is" {
  lockstep run "$LOCKSTEP_ROOT/scenarios/fixed/limiter.lua"
  exits 0
  has "$out" "--races lists them"
  for jobs in 1 3; do
    "$LOCKSTEP" run "$LOCKSTEP_ROOT/scenarios/fixed/limiter.lua" -n 3000 -j $jobs --races | grep -v rate: >"out$jobs"
  done
  diff out1 out3
}

# listed FILE OPTIONS...: the races that are listed, one a line.
listed() { "$LOCKSTEP" run "$@" --strategy pos --races --no-shrink --format ndjson | jq -r 'select(.type == "scenario") | .races.pairs[] | "\(.kind): \(.first.event), \(.second.event): \(.both_orders)"'; }

@test "a receive that took the message is the other order of one that gave up" {
  for limit in 0 10; do
    scenario "limit$limit.lua" limit <<LUA
  local root = lockstep.self()
  lockstep.spawn(function()
    if $limit > 0 then lockstep.sleep(10) end
    lockstep.send(root, "done")
  end)
  if not lockstep.recv($limit) then
    lockstep.recv()
  end
LUA
    [ "$(listed "limit$limit.lua" -n 100 --timers quiescent)" = "timeout against message: recv, send: true" ]
  done
  # The limit is a step among the others of its time, and decides: what comes after it is not looked at.
  [ "$(listed limit10.lua -n 100)" = "timeout against message: send, timer_fire: true" ]
}

@test "a timer that fires when nothing else can go races with those of its time, and with nothing before it" {
  for second in 10 20; do
    scenario "timers$second.lua" timers <<LUA
  lockstep.send_after(lockstep.self(), "a", 10)
  lockstep.send_after(lockstep.self(), "b", $second)
  lockstep.recv()
  lockstep.recv()
LUA
  done
  [ "$(listed timers10.lua -n 100)" = "message order: timer_fire, timer_fire: true" ]
  [ "$(listed timers10.lua -n 1)" = "message order: timer_fire, timer_fire: false" ]
  [ "$(listed timers20.lua -n 100)" = "" ]
  lockstep run timers10.lua --strategy pos --races
  has "$out" "timer_fire of two timers; both orders seen"
}

@test "a signal does not race with what sent it" {
  scenario killed.lua killed <<'LUA'
  local pid = lockstep.spawn(function()
    lockstep.yield()
  end)
  lockstep.exit(pid, "kill")
  lockstep.yield()
LUA
  lacks "$(listed killed.lua -n 100)" "deliver, exit_signal"
  has "$(listed killed.lua -n 100)" "deliver, exit: "
}

# locked NAME SETUP ONE OTHER [CHECK]: a scenario with two threads, in NAME.lua.
locked() {
  cat >"$1.lua" <<LUA
local lockstep = require "lockstep"
local threads = require "lockstep.threads"
lockstep.scenario("$1", function()
  $2
  local one = threads.create(function() $3 end)
  local other = threads.create(function() $4 end)
  threads.join(one)
  threads.join(other)
  $5
end)
LUA
}

@test "a lock races with another process's lock, not with the unlock that made it possible" {
  locked mutex 'local m = threads.mutex("m")' 'm:lock() m:unlock()' 'm:lock() m:unlock()'
  [ "$(listed mutex.lua -n 100)" = "two writes: lock, lock: true" ]
  # Joins wait for ends, and nothing else touches what those give.
  locked joins '' '' ''
  [ "$(listed joins.lua -n 100)" = "" ]
}

@test "a wait that a message orders after the other's, as well as the lock does, is no race" {
  scenario ordered.lua ordered <<'LUA'
  local m = require("lockstep.threads").mutex("m")
  local root = lockstep.self()
  lockstep.spawn(function() m:lock() m:unlock() lockstep.send(root, "done") end)
  lockstep.recv()
  m:lock()
LUA
  [ "$(listed ordered.lua -n 100)" = "" ]
}

@test "a post beside a wait that need not wait for it is a race, one that it waited for is not" {
  locked needless 'local s = threads.semaphore("s", 1)' 's:wait()' 's:post()'
  [ "$(listed needless.lua -n 100)" = "two writes: lock, unlock: true" ]
  locked needed 'local s = threads.semaphore("s", 0)' 's:wait()' 's:post()'
  [ "$(listed needed.lua -n 100)" = "" ]
}

@test "who takes the lock first can be to blame" {
  locked first 'local m, last = threads.mutex("m"), threads.cell("last")' \
    'm:lock() last:set(1) m:unlock()' 'm:lock() last:set(2) m:unlock()' 'assert(last:get() == 2)'
  lockstep run first.lua --strategy pos
  exits 1
  [[ "$out" =~ 1\.\ P2.*\ lock\ [^$'\n']*$'\n'\ +comes\ before\ P1[^$'\n']*\ lock ]]
}
