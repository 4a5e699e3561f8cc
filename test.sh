#!/bin/bash
# The tests: installs what is missing (Debian 12, root or sudo), then the release build and its tests, the test binaries
# under AddressSanitizer with UndefinedBehaviorSanitizer, and format. By name also: the workers under ThreadSanitizer, a
# short fuzz of the trace reader, and clang-tidy. Logs are in build/logs. The last line is "N passed, N failed"; the exit
# code is 0 if nothing failed.
#   ./test.sh               release sanitize format
#   ./test.sh release tidy  only these parts: release sanitize workers fuzz format tidy
set -u
cd "$(dirname "$0")" || exit 2
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(release sanitize format)
passed=0 failed=0
logs=build/logs
mkdir -p $logs

wanted() { [[ " ${parts[*]} " == *" $1 "* ]]; }

count() {  # count PASSED FAILED WHAT LOG
  passed=$((passed + $1))
  failed=$((failed + $2))
  printf '%-34s %5d passed, %d failed   (%d s)\n' "$3" "$1" "$2" $((SECONDS - started))
  if [ "$2" -gt 0 ]; then
    echo "---- from $4:"
    grep -nE 'error:|FAILED|\*\*\*(Failed|Timeout)|^not ok|: Failure$|SUMMARY|ERROR:|warning:' "$4" | head -40
    tail -15 "$4"
    echo "----"
  fi
}

one() {  # one WHAT LOG COMMAND...: a check that passes or fails as a whole
  local what=$1 log=$logs/$2
  shift 2
  started=$SECONDS
  if "$@" >"$log" 2>&1; then count 1 0 "$what" "$log"; else count 0 1 "$what" "$log"; fi
}

build() {  # build PRESET TARGETS...: false, and counted, if it does not build
  local preset=$1 log=$logs/build-$1
  shift
  started=$SECONDS
  { cmake --preset "$preset" -DLOCKSTEP_TESTS=ON && cmake --build "build/$preset" --target "$@"; } >"$log" 2>&1 && return
  count 0 1 "build $preset" "$log"
  return 1
}

# A GoogleTest binary as a whole; its own counts are added up.
gtest() {  # gtest WHAT BINARY ARGUMENTS...
  local what=$1 log=$logs/$1
  shift
  started=$SECONDS
  "$@" --gtest_brief=1 >"$log" 2>&1
  local code=$? good bad
  good=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) tests\?\.$/\1/p' "$log")
  bad=$(sed -n 's/^ *\([0-9]*\) FAILED TESTS\?$/\1/p' "$log")
  [ "$code" -eq 0 ] || [ -n "$bad" ] || bad=1  # it did not come to its end
  count "${good:-0}" "${bad:-0}" "$what" "$log"
}

test_binaries() {
  for part in engine vm cli; do
    compgen -G "tests/$part/*_test.cpp" >/dev/null && echo "${part}_tests"
  done
}

.ci/setup test || { echo "set-up failed"; echo "0 passed, 1 failed"; exit 1; }
jobs=$(nproc)
mapfile -t binaries < <(test_binaries)

if wanted release && build release all; then
  started=$SECONDS
  ctest --test-dir build/release -j "$jobs" --output-on-failure >$logs/ctest 2>&1
  bad=$(sed -n 's/^.*tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1/p' $logs/ctest)
  all=$(sed -n 's/^.*tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\2/p' $logs/ctest)
  count $((${all:-1} - ${bad:-1})) "${bad:-1}" "release" $logs/ctest
fi
if wanted sanitize && build asan-ubsan "${binaries[@]}"; then
  for binary in "${binaries[@]}"; do
    leaks=1
    [ "$binary" = vm_tests ] && leaks=0  # frames are abandoned by design
    # Scenarios that mean harm come from a fresh seed each time: without sanitizers here.
    gtest "asan-ubsan-$binary" env ASAN_OPTIONS=detect_leaks=$leaks "build/asan-ubsan/tests/$binary" --gtest_filter='-HostileScenarios*'
  done
fi
if wanted workers && build tsan engine_tests; then
  gtest "tsan-workers" build/tsan/tests/engine_tests --gtest_filter='*Explor*:*Worker*:*Parallel*'
fi
if wanted fuzz && [ -f tests/fuzz/CMakeLists.txt ] && build fuzz trace_fuzz; then
  mkdir -p build/fuzz/corpus
  one "fuzz traces" fuzz build/fuzz/tests/fuzz/trace_fuzz -runs=50000 -rss_limit_mb=1024 -seed=1 build/fuzz/corpus traces/golden/v1
fi
wanted format && one "clang-format" format tests/format.sh
wanted format && one "luacheck" luacheck luacheck --quiet scenarios lua tests/lua
wanted format && one "shellcheck" shellcheck shellcheck tour.sh test.sh .ci/setup .ci/run recipes/*.sh tests/format.sh tests/tidy.sh tests/hostile.sh tests/slurm.sh
if wanted tidy; then
  [ -f build/release/compile_commands.json ] || cmake --preset release >/dev/null
  # The files changed last; `tests/tidy.sh build/release` checks all of them in about ten minutes.
  export TIDY_SECONDS=100
  one "clang-tidy" tidy tests/tidy.sh build/release
  grep '^not checked' $logs/tidy
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
