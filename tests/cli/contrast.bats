# The contrast of a failure: what decides it, as somebody who has read the scenario would say.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

contrast_of() { jq -c 'select(.type == "failure") | .contrast' "$BATS_TEST_TMPDIR/out"; }

# judge NAME exactly|when PATTERN...: the contrast has these parts, and no more.
judge() {
  local name=$1 truth=$2 pattern part left
  shift 2
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/$name.lua" --format ndjson
  exits 1 || return 1
  mapfile -t left < <(contrast_of | jq -r '.parts[].text')
  [ "${#left[@]}" -eq $# ] || { echo "$name: ${#left[@]} parts instead of $#"; contrast_of; return 1; }
  [ "$(contrast_of | jq .exact)" = "$([ "$truth" = exactly ] && echo true || echo false)" ] ||
    { echo "$name: not '$truth'"; contrast_of; return 1; }
  [ "$(contrast_of | jq .exceptions)" = 0 ] || { echo "$name: exceptions"; contrast_of; return 1; }
  for pattern in "$@"; do
    for part in "${!left[@]}"; do
      [[ "${left[part]}" =~ $pattern ]] || continue
      unset "left[part]"
      continue 2
    done
    echo "$name: no part is like $pattern"
    contrast_of
    return 1
  done
}

@test "contrasts are what a reader of the scenario wrote down" {
  local line name='' truth='' wrong=0 judged=0
  local -a patterns=()
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      '#'*) ;;
      '')
        [ -z "$name" ] || { judge "$name" "$truth" "${patterns[@]}" || wrong=$((wrong + 1)); judged=$((judged + 1)); }
        name='' patterns=()
        ;;
      *)
        if [ -z "$name" ]; then read -r name truth <<<"$line"; else patterns+=("$line"); fi
        ;;
    esac
  done < <(cat "$LOCKSTEP_ROOT/tests/data/contrasts.txt"; echo)
  [ "$judged" -ge 20 ]
  [ "$wrong" -eq 0 ]
}

@test "every part of a contrast passes in some execution that breaks it alone" {
  for name in lost_update_ets aba_stack raft_election; do
    lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/$name.lua" --format ndjson
    [ "$(contrast_of | jq '[.parts[] | select(.broken_passed == 0)] | length')" = 0 ]
    [ "$(contrast_of | jq '.kept == .kept_failed + .kept_otherwise + .exceptions')" = true ]
  done
}

@test "faults and choices come first" {
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/kv_partition.lua" --format ndjson
  [ "$(contrast_of | jq -r '.parts[0].kind')" = choice ]
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/crdt_counter.lua" --format ndjson
  [ "$(contrast_of | jq -r '.parts[0].kind')" = fault ]
}

@test "what fails under every schedule has no contrast, and says so" {
  scenario always.lua always <<'LUA'
  local root = lockstep.self()
  for _ = 1, 2 do lockstep.spawn(function() lockstep.send(root, "x") end) end
  lockstep.recv()
  lockstep.recv()
  error("always")
LUA
  lockstep run always.lua
  exits 1
  has "$out" "Fails always:"
  lacks "$out" "Fails when:"
}

@test "the contrast is the first thing after the reason, and the same each time" {
  lockstep run "$TOUR"
  has "$out" "Fails exactly when:"
  [[ "$out" == *Reason:*"Fails exactly when:"*Schedule:* ]]
  lacks "$out" "Why:"
  local first=$out
  lockstep run "$TOUR"
  [ "$(sed -n '/Fails/,/Schedule/p' <<<"$first")" = "$(sed -n '/Fails/,/Schedule/p' <<<"$out")" ]
}
