# For all bats files here. LOCKSTEP is the binary, LOCKSTEP_ROOT the source folder; ctest sets both.
: "${LOCKSTEP_ROOT:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"
: "${LOCKSTEP:=$LOCKSTEP_ROOT/build/release/lockstep}"
TOUR="$LOCKSTEP_ROOT/scenarios/tour/lost_update.lua"
unset NO_COLOR FORCE_COLOR CLICOLOR_FORCE LOCKSTEP_LOG LOCKSTEP_NO_CAUSAL_SLICE

# Runs with stdout and stderr apart: $status, $out, $err.
lockstep() {
  status=0
  "$LOCKSTEP" "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
  out=$(cat "$BATS_TEST_TMPDIR/out")
  err=$(cat "$BATS_TEST_TMPDIR/err")
}

exits() {
  [ "$status" -eq "$1" ] || { echo "exit code $status instead of $1"; echo "$out"; echo "$err"; return 1; }
}

has() {  # has TEXT PART: wherever a report breaks its lines to fit
  [[ "$1" == *"$2"* ]] && return
  local text part
  text=$(tr -s '[:space:]' ' ' <<<"$1")
  part=$(tr -s '[:space:]' ' ' <<<"$2")
  [[ "$text" == *"${part% }"* ]] || { echo "not there: $2"; echo "in: $1"; return 1; }
}

lacks() {
  [[ "$1" != *"$2"* ]] || { echo "there, but should not be: $2"; return 1; }
}

# Writes a scenario file: its body comes from stdin.
scenario() {  # scenario FILE NAME
  { echo 'local lockstep = require "lockstep"'; echo "lockstep.scenario(\"$2\", function()"; cat; echo 'end)'; } >>"$1"
}
