# What helps to begin: a first scenario, stubs for editors, pages of the manual, completions, the action for GitHub.
load common

setup() { cd "$BATS_TEST_TMPDIR" || exit 1; }

@test "the first scenario has a bug, and its repair is proved" {
  lockstep new first
  exits 0
  lockstep lint first.lua
  exits 0
  lockstep run first.lua
  exits 1
  has "$out" 'first: found a concurrency bug on iteration'
  has "$out" 'Fails'
  local trace
  trace=$(sed -n 's/^ *shrunk to: *//p' out)
  # The repair that its first lines propose.
  sed -e 's/"set", any/"add", any/; s/counter(message\[2\])/counter(n + message[2])/' \
    -e '/^local function client/,/^end/{/local n = get/d; s/{ "set", n + 1 }/{ "add", 1 }/}' first.lua >fixed.lua
  lockstep replay --trace "$trace" --scenario fixed.lua
  exits 0
  lockstep verify fixed.lua
  exits 0
  has "$out" VERIFIED
}

@test "a name with .lua, in a folder, and with marks that Lua reads" {
  mkdir sub
  lockstep new 'sub/a "b\.lua'
  exits 0
  lockstep list scenarios 'sub/a "b\.lua'
  exits 0
  has "$out" 'a _b_'
}

@test "what is there is left alone, and what is no name refused" {
  echo mine >there.lua
  lockstep new there
  exits 2
  has "$err" 'there.lua is there already'
  [ "$(cat there.lua)" = mine ]
  lockstep new
  exits 2
  lockstep new ..
  exits 2
  lockstep new no/such/folder/x
  exits 6
  has "$err" 'cannot write no/such/folder/x.lua'
}

@test "stubs are those of this binary, and name only what there is" {
  lockstep stubs stubs/meta
  exits 0
  has "$out" '"workspace.library": ["stubs/meta"]'
  diff -r stubs/meta "$LOCKSTEP_ROOT/lua/meta"
  for file in stubs/meta/*.d.lua; do "$LOCKSTEP" lint "$file"; done
  # Every function of a stub is one of the module that the binary has.
  for file in stubs/meta/*.d.lua; do
    module=$(basename "$file" .d.lua)
    full=lockstep.$module
    [ "$module" != lockstep ] || full=lockstep
    {
      echo "local it = require \"$full\""
      echo 'require "lockstep".scenario("all", function()'
      grep -oE "^function $module\.[a-z0-9_]+" "$file" | sed "s/^function $module\.\(.*\)/  assert(it[\"\1\"], \"$module.\1\")/"
      echo end\)
    } >"check_$module.lua"
    lockstep run "check_$module.lua" --iterations 1
    exits 0
  done
}

@test "no class and no alias of a stub is there twice" {
  lockstep stubs meta
  run bash -c "grep -hoE '^---@(alias|class) [^ ]+' meta/*.d.lua | sort | uniq -d"
  [ -z "$output" ]
}

@test "callbacks of behaviours have types" {
  lockstep stubs meta
  for callback in init handle_call handle_cast handle_info handle_continue terminate; do
    grep -qE "^---@field $callback\??  ?fun\(" meta/gen_server.d.lua
  done
  grep -q '^---@field handle_event? fun(' meta/gen_statem.d.lua
  grep -q '^---@param module lockstep.gen_server.module' meta/gen_server.d.lua
}

@test "stubs of another version are replaced, other files are not" {
  lockstep stubs meta
  echo '---@meta lockstep.ets' >meta/ets.d.lua
  lockstep stubs meta
  exits 0
  diff meta/ets.d.lua "$LOCKSTEP_ROOT/lua/meta/ets.d.lua"
  echo 'return 1' >meta/pg.d.lua
  echo '---@meta lockstep.ets' >meta/ets.d.lua
  lockstep stubs meta
  exits 2
  has "$err" 'meta/pg.d.lua is there already'
  [ "$(wc -l <meta/ets.d.lua)" -eq 1 ]
  lockstep stubs
  exits 2
}

@test "every command has a page of the manual, with all its flags" {
  for command in $("$LOCKSTEP" --help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
    lockstep man "$command"
    exits 0
    has "$out" ".TH lockstep-$command 1"
    for flag in $("$LOCKSTEP" "$command" --help | grep -oE '^  (-., |    )--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
      has "$out" "\\fB${flag//-/\\-}\\fR"
    done
  done
  lockstep man nothing
  exits 2
}

@test "completions are read by their shells" {
  "$LOCKSTEP" completion bash >bash.sh
  bash -c 'source bash.sh; COMP_WORDS=(lockstep run --strategy na); COMP_CWORD=3; _lockstep; [ "${COMPREPLY[*]}" = native ]' 2>/dev/null
  for shell in zsh fish; do
    "$LOCKSTEP" completion $shell >script
    ! command -v $shell || $shell -n script
  done
}

@test "the action's steps do what they say" {
  python3 - "$LOCKSTEP_ROOT/action.yml" <<'PY'
import sys, yaml
action = yaml.safe_load(open(sys.argv[1]))
assert action["runs"]["using"] == "composite"
for step in action["runs"]["steps"]:
    if "run" in step:
        assert step["shell"] == "bash"
        open(step["id"] + ".sh", "w").write("#!/bin/bash\n" + step["run"])
    for value in step.get("env", {}).values():
        if value.startswith("${{ inputs."):
            assert value[len("${{ inputs."):-len(" }}")] in action["inputs"], value
PY
  shellcheck build.sh search.sh
  cp "$TOUR" .
  export LOCKSTEP RUNNER_TEMP=. GITHUB_OUTPUT=outputs GITHUB_STEP_SUMMARY=summary.md COMMAND=run FILES='*.lua' FLAGS='--strategy pos' TRACES=kept
  status=0
  bash --noprofile --norc -eo pipefail search.sh >log || status=$?
  [ "$status" -eq 1 ]
  grep -qx 'exit-code=1' outputs
  grep -q 'found a concurrency bug' summary.md
  [ -s kept/lost_update-iter0-seed1.lockstep ]
  COMMAND=lint FLAGS='' bash --noprofile --norc -eo pipefail search.sh
}
