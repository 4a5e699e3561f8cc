#!/bin/bash
# The README shows the tour's scenario and the report that it gives today. With --update, rewrites both.
set -u
cd "${LOCKSTEP_ROOT:-$(dirname "$0")/..}" || exit 2
lockstep=${LOCKSTEP:-$PWD/build/release/lockstep}
scenario=scenarios/tour/lost_update.lua
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/scenarios/tour"
cp $scenario "$work/scenarios/tour/"
{
  echo "\$ lockstep run $scenario --strategy pos"
  # Rates and the summary after the report are not the README's business.
  (cd "$work" && "$lockstep" run $scenario --strategy pos --trace-dir traces) | sed '/^  Replay with/q'
} >"$work/report"

# fill FILE: the README with the block after each marker replaced.
fill() {
  awk -v scenario="$scenario" -v report="$work/report" '
    function block(file,   line) { while ((getline line < file) > 0) print line }
    /^<!-- (scenario|report) -->$/ { source = $2 == "scenario" ? scenario : report; print; next }
    /^```/ && source != "" && !inside { print; block(source); inside = 1; next }
    /^```$/ && inside { inside = 0; source = "" }
    !inside { print }
  ' README.md
}

if [ "${1:-}" = --update ]; then
  fill >"$work/readme" && cp "$work/readme" README.md
elif ! diff -u README.md <(fill); then
  echo "README.md is not what lockstep prints now: tests/readme_test.sh --update, and read what changed"
  exit 1
fi
