#!/bin/sh
# The first five minutes: installs what is missing (Debian 12, root or sudo), builds a release binary, and lets it find
# its first bug. Ends with the exit code of that run, which is 1: a failure was found.
set -eu
cd "$(dirname "$0")"
.ci/setup build
cmake --preset release -DLOCKSTEP_TESTS=OFF >/dev/null
cmake --build build/release --target lockstep >&2

code=0
build/release/lockstep run scenarios/tour/lost_update.lua --strategy pos || code=$?
case $code in
  1) echo "tour: exit code 1 says that a failure was found, as it should be here." >&2 ;;
  *) echo "tour: expected exit code 1 (a failure found), got $code." >&2 ;;
esac
exit $code
