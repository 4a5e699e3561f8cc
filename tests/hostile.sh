#!/bin/bash
# By name: 100,000 damaged and crafted traces and histories and 1,000 scenarios that mean harm, under AddressSanitizer
# with UndefinedBehaviorSanitizer, then 500 kills at random moments. ./test.sh makes 2,000, 40 and 6 of each. Arguments:
# how many of each. The seeds are printed; HOSTILE_SEED=N repeats one.
set -eu
cd "$(dirname "$0")/.."
files=${1:-100000} scenarios=${2:-1000} kills=${3:-500}
cmake --preset asan-ubsan -DLOCKSTEP_TESTS=ON
cmake --build build/asan-ubsan --target vm_tests
# Frames are abandoned by design, so leaks are not looked for.
ASAN_OPTIONS=detect_leaks=0 HOSTILE_FILES=$files HOSTILE_SCENARIOS=$scenarios \
  build/asan-ubsan/tests/vm_tests --gtest_filter='Hostile*'
cmake --preset release -DLOCKSTEP_TESTS=ON
cmake --build build/release --target lockstep
KILLS=$kills LOCKSTEP=$PWD/build/release/lockstep bats tests/cli/kill.bats
