# -v, -vv, LOCKSTEP_LOG and --log-file: what is done, for those who ask, and nowhere else.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

run_tour() { lockstep run "$TOUR" --no-progress "$@"; }

@test "silent by default, -v says what is done, -vv with which figures" {
  run_tour
  exits 1
  [ -z "$err" ]
  plain=$(grep -v 'rate:' <<<"$out")
  run_tour -v
  exits 1
  [ "$(grep -v 'rate:' <<<"$out")" = "$plain" ]
  has "$err" "lockstep: load: $TOUR: 1 scenario"
  has "$err" "lockstep: search: lost update: auto with seed 1, 1 worker"
  has "$err" "lockstep: trace: traces/"
  lacks "$err" "max_steps = 10000"
  few=$(wc -l <<<"$err")
  run_tour -vv
  has "$err" "lockstep: search: lost update: max_steps = 10000"
  has "$err" "lockstep: search: lost update: the pilot had"
  [ "$(wc -l <<<"$err")" -gt "$few" ]
}

@test "LOCKSTEP_LOG sets one level, or that of a part" {
  LOCKSTEP_LOG=info run_tour
  has "$err" "lockstep: load:"
  has "$err" "lockstep: search:"
  LOCKSTEP_LOG=off,shrink=debug run_tour
  has "$err" "lockstep: shrink:"
  lacks "$err" "lockstep: search:"
  LOCKSTEP_LOG=loud run_tour
  exits 2
  has "$err" "LOCKSTEP_LOG: 'loud' is no level"
  LOCKSTEP_LOG=dpor=info run_tour
  exits 2
  has "$err" "LOCKSTEP_LOG: there is no part 'dpor'"
}

@test "--log-file has all of it with times and levels, and stderr stays as it was" {
  run_tour --log-file log.txt
  exits 1
  [ -z "$err" ]
  grep -qE '^[0-9-]{10}T[0-9:.]{12} info search: lost update: auto with seed 1' log.txt
  grep -qE ' debug search: lost update: max_steps = 10000$' log.txt
  lockstep replay traces/lost_update-iter0-seed1.lockstep --log-file log.txt
  exits 1
  grep -q ' info replay: traces/lost_update-iter0-seed1.lockstep: ends after 13 steps with assertion$' log.txt
  run_tour --log-file log.txt/log
  exits 6
  has "$err" "--log-file log.txt/log:"
}

@test "what a file names cannot write lines of its own into the log" {
  scenario evil.lua 'a\nlockstep: search: forged\27[2J' <<<'lockstep.yield()'
  lockstep run evil.lua --no-progress -v
  exits 0
  ! grep -q '^lockstep: search: forged' <<<"$err"
  ! grep -q $'\x1b' <<<"$err"
}

@test "a log that cannot be written is found out before anything is done" {
  [ -e /dev/full ] || skip
  scenario clean.lua clean <<<'lockstep.yield()'
  lockstep run clean.lua --log-file /dev/full
  exits 6
  has "$err" "--log-file /dev/full:"
  has "$err" "No space left on device"
  [ -z "$out" ]
}
