#!/bin/bash
# clang-tidy at zero: tests/tidy.sh BUILD_DIR [FILE...]. Without files, all of cli, engine and vm, those changed last
# first. TIDY_SECONDS bounds it: what is left then is counted, not checked.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:?usage: tests/tidy.sh BUILD_DIR [FILE...]}
shift
files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  mapfile -t files < <(git log --format= --name-only | awk '!seen[$0]++' |
    grep -E '^(cli|engine|vm)/.*\.cpp$' | while read -r file; do [ -f "$file" ] && echo "$file"; done)
fi
left=$(mktemp)
trap 'rm -f "$left"' EXIT
export build left deadline=$(($(date +%s) + ${TIDY_SECONDS:-86400}))
# shellcheck disable=SC2016  # for the inner shell
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c '
  if [ "$(date +%s)" -ge "$deadline" ]; then echo "$1" >>"$left"; exit 0; fi
  clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option -p "$build" "$1" 2> >(grep -v "warnings\? generated\|warnings treated" >&2)
' _
code=$?
[ ! -s "$left" ] || echo "not checked, the time is up: $(wc -l <"$left") of ${#files[@]} files"
exit $code
