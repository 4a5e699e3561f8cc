# Two traces: where they part, which orders differ, what came of that.
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  "$LOCKSTEP" run "$TOUR" --strategy pos >/dev/null || true
  small=$(echo traces/*.shrunk.lockstep)
  long=${small%.shrunk.lockstep}.lockstep
}

@test "a trace and itself: the same steps, exit 0" {
  lockstep diff "$long" "$long"
  exits 0
  has "$out" "the same steps"
  lacks "$out" "Orders that differ"
}

@test "a trace and its shrunk form: where they part, and the orders" {
  lockstep diff "$long" "$small"
  exits 1
  has "$out" "the traces differ"
  has "$out" "alike:"
  has "$out" "then A:"
  has "$out" "then B:"
  has "$out" "Orders that differ:"
  lockstep diff "$long" "$small" --format ndjson
  exits 1
  [ "$(jq -r .type out)" = diff ]
  [ "$(jq '.turned | length > 0' out)" = true ]
  # Shown in A's order; B has them the other way round.
  [ "$(jq 'all(.turned[]; .first.step < .second.step and .first_in_b > .second_in_b)' out)" = true ]
}

@test "another number of traces is a usage error, a file that is none is named" {
  lockstep diff "$long"
  exits 2
  has "$err" "two traces are needed, 1 given"
  lockstep diff "$long" "$TOUR"
  exits 6
  has "$err" "lost_update.lua"
}
