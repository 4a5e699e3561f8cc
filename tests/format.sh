#!/bin/bash
# Every C++ file is as clang-format would have it. With --fix, makes it so.
set -u
cd "$(dirname "$0")/.." || exit 2
mapfile -t files < <(git ls-files 'cli/*.cpp' 'cli/*.h' 'engine/*.cpp' 'engine/*.h' 'vm/*.cpp' 'vm/*.h' 'tests/*.cpp' 'tests/*.h')
if [ "${1:-}" = --fix ]; then
  clang-format -i "${files[@]}"
else
  clang-format --dry-run -Werror "${files[@]}"
fi
