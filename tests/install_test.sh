#!/bin/bash
# The binary that cmake --install puts down runs alone: no file beside it, no Lua library on the machine, no source folder.
set -eu
lockstep=${LOCKSTEP:?the binary}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$(dirname "$lockstep")" --prefix "$work/usr" >/dev/null
mkdir "$work/alone"
cp "$work/usr/bin/lockstep" "$work/alone/"
others=$(ldd "$work/usr/bin/lockstep" | awk '{ print $1 }' | grep -vE '^(linux-vdso|libstdc\+\+|libm|libgcc_s|libc|/lib64/ld-linux[^ ]*)\.so' || true)
[ -z "$others" ] || { echo "it needs more than libc and libstdc++: $others"; exit 1; }
! ldd "$work/usr/bin/lockstep" | grep -i lua || { echo "the Lua library is not inside"; exit 1; }
cat >"$work/one.lua" <<'LUA'
local lockstep = require "lockstep"
lockstep.scenario("one", function() lockstep.yield() end)
LUA
cd "$work"
rm -rf usr
env -i alone/lockstep run one.lua --iterations 10 | grep -q 'no failure found'
