#!/bin/bash
# Every command in the blocks of AGENTS.md and skill/SKILL.md is run. A comment `# exit N` says how it ends, 0 if there is none.
# Each block of the skill has a folder of its own; those of AGENTS.md run here, on the release build.
set -u
root=${LOCKSTEP_ROOT:-$(cd "$(dirname "$0")/.." && pwd)}
lockstep=${LOCKSTEP:-$root/build/release/lockstep}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$lockstep" "$work/bin/lockstep"
PATH=$work/bin:$PATH
failures=0
ran=0

# Writes the blocks of a page, one file each: page.1, page.2, ... Lines that end in \ go on.
blocks() {
  awk -v base="$2" '/^```sh$/ { inside = ++n; next } /^```$/ { inside = 0 } inside { print > (base "." n) }' "$1"
}

run_block() { # run_block BLOCK: in the current folder
  local line want code
  while IFS= read -r line; do
    while [[ $line == *\\ ]]; do
      IFS= read -r more
      line=${line%\\}$more
    done
    want=0
    if [[ $line =~ \#\ exit\ ([0-9]+) ]]; then want=${BASH_REMATCH[1]}; fi
    code=0
    bash -c "$line" >"$work/out" 2>&1 </dev/null || code=$?
    ran=$((ran + 1))
    [ "$code" -eq "$want" ] && continue
    echo "exit code $code instead of $want: $line"
    tail -20 "$work/out"
    failures=$((failures + 1))
  done <"$1"
}

blocks "$root/skill/SKILL.md" "$work/skill"
for block in "$work"/skill.*; do
  mkdir "$block.d"
  cd "$block.d" || exit 2
  run_block "$block"
done

if [ "$lockstep" -ef "$root/build/release/lockstep" ]; then
  cd "$root" || exit 2
  blocks AGENTS.md "$work/agents"
  for block in "$work"/agents.*; do run_block "$block"; done
fi

# What the pages name is there.
# shellcheck disable=SC2016  # the backquotes of a page
for name in $(grep -ohE '`(tests|lua|scenarios|cli|skill|\.ci)/[a-zA-Z0-9_./-]+`' "$root/AGENTS.md" "$root/skill/SKILL.md" | tr -d '\`'); do
  [ -e "$root/$name" ] || { echo "there is no $name"; failures=$((failures + 1)); }
done
[ "$ran" -ge 20 ] || { echo "only $ran commands were found"; failures=$((failures + 1)); }
echo "$ran commands"
exit "$failures"
