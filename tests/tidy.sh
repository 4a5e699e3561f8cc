#!/bin/bash
# clang-tidy at zero: tests/tidy.sh BUILD_DIR [FILE...]. Without files, all of cli, engine and vm.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:?usage: tests/tidy.sh BUILD_DIR [FILE...]}
shift
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(git ls-files 'cli/*.cpp' 'engine/*.cpp' 'vm/*.cpp')
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option -p "$build" 2> >(grep -v 'warnings generated\|warnings treated' >&2)
