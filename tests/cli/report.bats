# The report of a failure fits: in columns, in lines, and in what it says.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

# The report alone, without the summary of the search.
report_of() { sed '/^  Replay with/,/^$/{/^$/q}' <<<"$out"; }

@test "no report of a bug is wider than asked, and each is read at one go" {
  local name width widest lines long=0
  for width in 80 100; do
    for file in "$LOCKSTEP_ROOT"/scenarios/bugs/*.lua; do
      name=$(basename "$file" .lua)
      lockstep run "$file" --width $width
      exits 1
      # A path is not broken; it is short here.
      widest=$(report_of | awk '{ if (length($0) > n) n = length($0) } END { print n }')
      [ "$widest" -le $width ] || { echo "$name: $widest columns of $width"; return 1; }
      lines=$(report_of | wc -l)
      [ "$lines" -le 72 ] || { echo "$name: $lines lines with --width $width"; return 1; }
      [ "$lines" -le 62 ] || long=$((long + 1))
      # A loop for ever has no failing step.
      [ "$name" = unfair_lock ] || has "$out" "<-- FAILED HERE"
    done
  done
  [ "$long" -le 12 ] || { echo "$long reports of 72 are longer than 62 lines"; return 1; }
}

@test "no shrunk schedule of a bug is longer than the one it comes from without saying so" {
  local name before after
  for file in "$LOCKSTEP_ROOT"/scenarios/bugs/*.lua; do
    name=$(basename "$file" .lua)
    lockstep run "$file"
    read -r before after < <(sed -n 's/^  shrunk: *\([0-9]*\) -> \([0-9]*\) steps.*/\1 \2/p' <<<"$out")
    [ "$after" -le "$before" ] || has "$out" "longer: " || { echo "$name: $before -> $after"; return 1; }
  done
}

@test "a call of a behaviour is one row, and the server's state stands beside it" {
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/statem_postpone.lua" --width 120
  exits 1
  [[ "$out" == *gen_statem.call*"-> P1(connection) \"request\""* ]]
  [[ "$out" == *"event call"*"(postponed)"* ]]
  [[ "$out" == *"event info"*"data {open = false} -> {open = true}"* ]]
  has "$(tr -s '\n ' ' ' <<<"$out")" "P1(connection) has postponed the request"
  ! grep -q '\$gen_call' <<<"$out" || false
  ! grep -q demonitor <<<"$out" || false
}

@test "a deadlock says what each waits for, and where that is" {
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/mutual_call.lua"
  exits 1
  has "$out" "Waits for ever:"
  [[ "$out" == *"P1(server) for the answer to"*"unread in the mailbox of P2(server)"* ]]
}

@test "a choice shows its value" {
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/registry_split_brain.lua"
  has "$out" 'P0(root) chooses "split" of {"split", "whole"}'
  [[ "$out" == *choose*'= "split"'* ]]
}

@test "--full has every step, the columns and the source" {
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/raft_election.lua" --full --no-slice --width 200
  exits 1
  local steps
  steps=$(sed -n 's/^  Schedule: *all \([0-9]*\) steps.*/\1/p' <<<"$out")
  [ "$(grep -c '^    step ' <<<"$out")" = "$steps" ]
  has "$out" "Side by side:"
  has "$out" "Source:"
  [ "$(report_of | awk '{ if (length($0) > n) n = length($0) } END { print n }')" -le 200 ]
}

@test "--width and --full are refused where they have no effect" {
  lockstep run x.lua --width 30
  exits 2
  has "$err" "--width"
  lockstep run x.lua --width 100 --format ndjson
  exits 2
  lockstep run x.lua --full --format ndjson
  exits 2
  has "$err" "has no effect beside"
}

@test "of a reason of 70,000 characters people see both ends; --full and ndjson have all of it" {
  scenario long.lua long <<<'error("BEGIN " .. string.rep("äbcdefg ", 9000) .. "END")'
  lockstep run long.lua --no-shrink
  exits 1
  has "$out" "Reason: BEGIN äbcdefg"
  has "$out" "[... 70,009 characters ...]"
  has "$out" "END"
  [ "${#out}" -lt 6000 ]
  lockstep replay traces/long-iter0-seed1.lockstep
  [ "${#out}" -lt 6000 ]
  lockstep replay traces/long-iter0-seed1.lockstep --full
  lacks "$out" "characters ..."
  [ "${#out}" -gt 72000 ]
  lockstep replay traces/long-iter0-seed1.lockstep --format ndjson
  [ "$(jq -r 'select(.type == "failure") | .reason | length' <<<"$out")" -eq 72009 ]
}
