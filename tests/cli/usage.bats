# Wrong usage: the exit code is 2, stdout stays empty, and the message names the flag and the remedy.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

@test "bare lockstep is eight lines at most, with two examples" {
  lockstep
  exits 0
  [ "$(wc -l <out)" -le 8 ]
  has "$out" "lockstep run "
  has "$out" "lockstep replay "
}

@test "help shows examples before flags, for each command" {
  lockstep --help
  exits 0
  has "$out" "exit codes:"
  for command in run replay shrink dump check-history list completion; do
    lockstep "$command" --help
    exits 0
    has "$out" "examples:"
  done
  lockstep run --help
  [ "$(grep -n '^examples:' out | cut -d: -f1)" -lt "$(grep -n '^search:' out | cut -d: -f1)" ]
}

@test "unknown words are answered with the nearest known one" {
  lockstep runn "$TOUR"
  exits 2
  [ -z "$out" ]
  has "$err" "lockstep: unknown command 'runn'"
  has "$err" "  hint: did you mean 'lockstep run'?"
  lockstep run "$TOUR" --iteratons 5
  exits 2
  has "$err" "did you mean --iterations?"
  lockstep run "$TOUR" --strategy pso
  exits 2
  has "$err" "did you mean pos?"
}

@test "bad values name the flag and say what would be good" {
  lockstep run "$TOUR" --iterations many
  exits 2
  has "$err" "--iterations must be a whole number of at least 1, got 'many'"
  lockstep run "$TOUR" --iterations 99999999999999999999
  exits 2
  has "$err" "--iterations must be at most 18446744073709551615, got '99999999999999999999'"
  lockstep run "$TOUR" --time never
  exits 2
  has "$err" "--time must be a time"
  lockstep run "$TOUR" --seed
  exits 2
  has "$err" "--seed needs a value"
}

@test "replay is a command, not a way to look for schedules" {
  lockstep run "$TOUR" --strategy replay
  exits 2
  has "$err" "--strategy must be one that chooses schedules"
  printf 'require("lockstep").scenario("own", {strategy = "replay"}, function() end)\n' >own.lua
  lockstep run own.lua
  exits 3
  has "$err" "own.lua:1: option 'strategy'"
}

@test "a missing file is a usage error that names it" {
  lockstep run nowhere.lua
  exits 2
  has "$err" "nowhere.lua"
  lockstep run
  exits 2
  has "$err" "no scenario file given"
}

@test "a filter that matches nothing is an error" {
  lockstep run "$TOUR" --only nothing-like-this
  exits 2
  has "$err" "--only nothing-like-this matches none of"
}

@test "list, version and completion" {
  lockstep list strategies pos
  exits 2
  has "$err" "'pos' is one argument too many"
  lockstep list strategies
  exits 0
  for strategy in random pct fair_pct idpct pos loc dfs; do grep -q "^$strategy\$" out; done
  lockstep list scenarios "$TOUR"
  exits 0
  has "$out" "lost update"
  lockstep version
  exits 0
  has "$out" "lockstep 0.1.0"
  lockstep --version
  exits 0
  lockstep completion bash
  exits 0
  bash -n out
  lockstep completion tcsh
  exits 2
}

@test "bash completion offers commands, flags and values" {
  "$LOCKSTEP" completion bash >completion.bash
  complete_words() {
    bash -c 'compopt() { :; }; . ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _lockstep; echo "${COMPREPLY[@]}"' _ "$@"
  }
  has "$(complete_words lockstep re)" replay
  has "$(complete_words lockstep run --iter)" --iterations
  has "$(complete_words lockstep run --delivery as)" async
  has "$(complete_words lockstep run --strategy p)" pct
}

@test "check-history takes its flags from the same tables" {
  lockstep check-history
  exits 2
  has "$err" "no history file given"
  lockstep check-history --modle x.edn
  exits 2
  has "$err" "did you mean --model?"
  printf '%s\n' '{"process":0,"type":"invoke","f":"write","value":1}' '{"process":0,"type":"ok","f":"write","value":1}' \
    '{"process":0,"type":"invoke","f":"read","value":null}' '{"process":0,"type":"ok","f":"read","value":1}' >good.jsonl
  lockstep check-history good.jsonl --model register
  exits 0
  sed 's/"read","value":1/"read","value":2/' good.jsonl >bad.jsonl
  lockstep check-history bad.jsonl --model register
  exits 1
}

@test "a whole number of a scenario's options may be written as a float" {
  cd "$BATS_TEST_TMPDIR" || return 1
  echo 'require("lockstep").scenario("calm", { iterations = 1e1, max_steps = 500.0 }, function() end)' >calm.lua
  lockstep run calm.lua --strategy random
  exits 0
  has "$out" "10 with random"
  echo 'require("lockstep").scenario("calm", { iterations = 1.5 }, function() end)' >half.lua
  lockstep run half.lua
  exits 3
  has "$err" "must be a whole number of at least 1, got '1.5'"
}

@test "what --strongest would leave unread is refused" {
  for flag in "--html page.html" "--consistency sequential"; do
    # shellcheck disable=SC2086  # a flag and its value
    lockstep check-history --strongest $flag h.jsonl
    exits 2
    has "$err" "${flag%% *} says nothing beside --strongest"
  done
}
