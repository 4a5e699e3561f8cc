# --audit and --check: the dependence relation, judged by executing both orders and by its invariants, over every
# scenario there is.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

audited() {  # audited STRATEGY FLAG...: every scenario that loads, one after the other
  local file
  for file in "$LOCKSTEP_ROOT"/scenarios/*/*.lua "$LOCKSTEP_ROOT"/scenarios/*/*/*.lua; do
    lockstep run "$file" --strategy "$1" --audit 60 --check --iterations 2 --no-shrink --quiet "${@:2}"
    [ "$status" -lt 70 ] || { echo "$file: $status"; echo "$out$err"; return 1; }
  done
}

@test "what is called independent commutes, in every scenario" { audited auto; }
# With the reductions of proofs: increments whose result nobody looks at commute there.
@test "... as far as proofs go" { audited dpor; }
@test "... with signals that arrive at steps of their own" { audited dpor --delivery async; }
@test "... and timers that race" { audited dpor --timers racy; }

@test "the report says how much was looked at" {
  lockstep verify "$LOCKSTEP_ROOT/scenarios/fixed/registry_split_brain.lua" --audit 50
  exits 0
  has "$out" "VERIFIED"
  has "$out" "audit:       50 states:"
  has "$out" "in both orders, all commute"
  has "$out" "changed nothing unannounced"
  lockstep verify "$LOCKSTEP_ROOT/scenarios/fixed/registry_split_brain.lua" --audit 50 --format ndjson
  has "$out" '"audit":{"states":50,"all":false,"pairs":'
}

@test "--check asserts the invariants along whole proofs" {
  lockstep verify "$LOCKSTEP_ROOT/scenarios/fixed/registry_split_brain.lua" --check
  exits 0
  has "$out" "VERIFIED"
  has "$out" "checked:     the relation's invariants, at each choice"
  lockstep verify "$LOCKSTEP_ROOT/scenarios/fixed/registry_split_brain.lua" --check --format ndjson
  has "$out" '"relation_checked":true'
}

@test "the root's return is the same end as a step of its own and without one" {
  scenario owed.lua owed <<<'lockstep.temporal("h", "cold") lockstep.spawn_monitor(function() end)
    lockstep.persistent_term.get()'
  for delivery in instant async; do
    lockstep verify owed.lua --audit 50 --delivery $delivery
    exits 0
  done
}

@test "where there are fewer states it says so" {
  scenario two.lua two <<<'lockstep.spawn(function() lockstep.yield() end) lockstep.yield()'
  lockstep verify two.lua --audit 1000000
  exits 0
  has "$out" "all that many walks met"
}

@test "--audit wants a number of states" {
  lockstep verify "$TOUR" --audit 0
  exits 2
  has "$err" "--audit"
  lockstep run "$TOUR" --audit some
  exits 2
}

@test "persistent terms are what they are, whoever put theirs first" {
  scenario terms.lua terms <<'LUA'
local pt = require "lockstep.persistent_term"
lockstep.spawn(function() pt.put("a", 1) end)
pt.put("b", 1)
LUA
  lockstep verify terms.lua --audit 100
  exits 0
}

@test "two exit signals are no equal messages: each says from whom it is" {
  scenario exits.lua exits <<'LUA'
lockstep.flag("trap_exit", true)
local root = lockstep.self()
for _ = 1, 2 do lockstep.spawn_link(function() lockstep.exit(root, "same") end) end
for _ = 1, 4 do lockstep.recv() end
LUA
  lockstep verify exits.lua --delivery async --audit 200
  exits 0
  has "$out" "audit:"
}

@test "a sleep of 0 ms looks at the signals that wait, and says so" {
  scenario sleeps.lua sleeps <<'LUA'
local p = lockstep.spawn(function() lockstep.sleep(0) lockstep.yield() end)
lockstep.spawn(function() lockstep.exit(p, "shutdown") end)
lockstep.exit(p, "other")
LUA
  lockstep verify sleeps.lua --audit 300 --check
  exits 0
}

@test "equal messages that wait behind a signal are equal, whoever sent which" {
  scenario behind.lua behind <<'LUA'
local root = lockstep.self()
lockstep.spawn_link(function() lockstep.exit("boo") end)
for _ = 1, 2 do lockstep.spawn(function() lockstep.send(root, "same") end) end
lockstep.recv(0)
lockstep.recv(0)
LUA
  lockstep verify behind.lua --timers racy --audit 300
  [ "$status" -lt 2 ] # the signal may end the root
}

@test "who releases a lock that another has taken meanwhile says so, whenever it was about to" {
  cat >released.lua <<'LUA'
local threads = require "lockstep.threads"
threads.program("released", { crashes = "allow" }, function()
  local mu, n = threads.mutex("m"), threads.cell("n")
  threads.create(function() pcall(mu.unlock, mu) mu:lock() mu:unlock() end)
  threads.create(function() mu:lock() n:set(1) mu:unlock() end)
end)
LUA
  lockstep verify released.lua --audit 400
  [ "$status" -lt 2 ] # it is a misuse
}
