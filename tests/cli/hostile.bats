# Scenarios that mean harm (tests/data/hostile): each ends with a verdict, within its limits.
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  HOSTILE=$LOCKSTEP_ROOT/tests/data/hostile
}

@test "a matcher has a stack of its own, whoever's send it runs at" {
  lockstep verify "$HOSTILE/crash_matcher.lua"
  exits 0
  # ... and what is too deep for that one is told as the failure that it is, where the receiver is.
  scenario deep.lua deep <<'LUA'
  local function nest(n, f) if n == 0 then return f() end return (("a"):gsub("a", function() nest(n - 1, f) end)) end
  local r = lockstep.spawn(function() lockstep.recv_first(function() return nest(250, function() end) end) end)
  nest(195, function() lockstep.send(r, "x") end)
  lockstep.sleep(1)
LUA
  lockstep run deep.lua
  exits 1
  has "$out" "C stack overflow"
  has "$out" "deep.lua:"
}

@test "a loop in a matcher: a bound to verify, a failure to run, with its place" {
  lockstep run "$HOSTILE/hang_matcher.lua" --max-instructions 1000000
  exits 1
  has "$out" "runaway at hang_matcher.lua:5"
  lockstep verify "$HOSTILE/hang_matcher.lua" --max-instructions 1000000
  exits 5
  has "$out" "runaway at hang_matcher.lua:5"
}

@test "one call that does not come back, or many that take long, are runaways with their place, by the clock" {
  local name
  for name in k01_rep_empty k02_table_move_nil k05_find_star k14_load_elseif k23_byte_loop; do
    lockstep run "$HOSTILE/$name.lua" --max-compute 0.3 --no-shrink
    exits 1
    has "$out" "signature:   runaway at $name.lua:6"
    has "$out" "0.3 s of CPU time"
  done
}

@test "nothing shows when garbage is collected: no finalizer, no weak table" {
  local name
  for name in gcd_loop mode_late; do
    lockstep run "$HOSTILE/$name.lua"
    exits 0
    has "$out" "VERIFIED by auto"
    # A walk without a choice has shown all that there is: a proof is tried at once.
    has "$out" "iterations:  2 with auto"
    lockstep verify "$HOSTILE/$name.lua"
    exits 0
  done
}

@test "a bag with thirty thousand rows of one key takes no time" {
  lockstep verify "$HOSTILE/k19_ets_bag_insert.lua" --time 60s
  exits 0
}

@test "a proof of a fold over many keys takes no time that grows with their square" {
  # Each key's operation might be a round of a wait that spins; its state holds all rows.
  scenario fold.lua fold <<'LUA'
  local t, rows = lockstep.ets.new("t", { "public" }), {}
  for i = 1, 20000 do rows[i] = { i, i } end
  lockstep.ets.insert(t, rows)
  assert(lockstep.ets.foldl(function(_, n) return n + 1 end, 0, t) == 20000)
LUA
  lockstep verify fold.lua --max-steps 50000 --time 60s
  exits 0
}

@test "what processes would share unseen is misuse, with the name and the line" {
  local file name line
  while read -r file line name; do
    for command in run verify; do
      lockstep "$command" "$HOSTILE/$file.lua"
      exits 3
      has "$err" "$file.lua:$line"
      has "$err" "$name"
    done
  done <<'END'
false_proof_deep 5 list.next.next
false_proof_gmatch 8 string.gmatch
false_proof_restore 8 'depth'
iso_corostring 9 'string'
END
}

@test "one instruction of the interpreter that does not come back is a runaway, by the clock" {
  scenario call.lua call <<<'local t = {} t = setmetatable(t, { __call = t }) getmetatable(t).__call = t t()'
  lockstep run call.lua --max-compute 0.3 --no-shrink
  exits 1
  has "$out" "signature:   runaway at call.lua:3"
  has "$out" "0.3 s of CPU time"
}

@test "load of a text that nests too deeply says so, and whoever goes on has not crashed" {
  scenario deep.lua deep <<'LUA'
  local deep = "return " .. ("("):rep(100000) .. "1"
  local ok, problem = load(deep)
  assert(ok == nil and problem == "C stack overflow", problem)
  lockstep.spawn_monitor(function() load(deep) end)
  local reason = lockstep.recv()[5]
  assert(reason == "normal", reason)
LUA
  lockstep verify deep.lua
  exits 0
}
