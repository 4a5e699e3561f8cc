#!/bin/bash
# lockstep mcp with the official clients of npm, installed into the build folder. Skipped, with a word, where there is no
# node, no npm, or no registry.
set -eu
root=${LOCKSTEP_ROOT:-$(cd "$(dirname "$0")/.." && pwd)}
lockstep=${LOCKSTEP:-$root/build/release/lockstep}
skip() { echo "skipped: $*"; exit 77; }
command -v node >/dev/null || skip "node is not installed"
command -v npm >/dev/null || skip "npm is not installed"
clients=$(dirname "$lockstep")/mcp_clients
mkdir -p "$clients"
cp "$root/tests/mcp/package.json" "$root/tests/mcp/clients.mjs" "$clients/"
cd "$clients"
if [ ! -e node_modules/.package-lock.json ] || [ package.json -nt node_modules/.package-lock.json ]; then
  timeout 120 npm install --no-audit --no-fund --loglevel=error >npm.log 2>&1 || {
    tail -3 npm.log
    skip "npm cannot install the clients"
  }
  touch node_modules/.package-lock.json
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$root/scenarios/tour/lost_update.lua" "$work/"
cat >"$work/many.lua" <<'LUA'
local lockstep = require "lockstep"
lockstep.scenario("many", function()
  for _ = 1, 4 do
    lockstep.spawn(function(root)
      for _ = 1, 50 do lockstep.yield() end
      lockstep.send(root, lockstep.self())
    end, lockstep.self())
  end
  for _ = 1, 4 do lockstep.recv() end
end)
LUA
timeout 120 node clients.mjs "$lockstep" "$work"
