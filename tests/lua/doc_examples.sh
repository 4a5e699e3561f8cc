#!/bin/sh
# Runs the example of every page, and proves what the guide for porting says is proved: doc_examples.sh path/to/lockstep
set -eu
here=$(cd "$(dirname "$0")/../../lua/docs" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for page in "$here"/*.md; do
  name=$(basename "$page" .md)
  awk '/^```lua$/ { on = 1; next } /^```$/ { on = 0 } on' "$page" > "$dir/$name.lua"
  "$1" run "$dir/$name.lua" --strategy random --iterations 50 --no-shrink --trace-dir "$dir" > "$dir/out" 2>&1 || { echo "$page"; cat "$dir/out"; exit 1; }
done
"$1" verify "$dir/porting.lua" --only repaired -q --trace-dir "$dir"
