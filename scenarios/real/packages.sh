#!/bin/sh
# Installs the versions of Bull and BullMQ that the scenarios here read, from the npm registry, as FOLDER/node_modules/bull-1.0.0
# and so on; what was built in JavaScript then is written to recorded/ in each. Needs node and npm.
#   usage: packages.sh FOLDER; then lockstep run scenarios/real/bull_stalled_check.lua --path FOLDER/node_modules
set -eu
folder=${1:?usage: packages.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
# Before 3.0 scripts are built when they are called, by code that has dependencies. Of the others the files will do.
built="1.0.0 1.1.1 1.1.3 2.0.0 2.1.0 2.2.6"
plain="bull@3.0.0-rc.2 bull@3.22.11 bull@3.23.0 bullmq@1.11.0 bullmq@1.12.0 bullmq@5.1.9 bullmq@5.1.10 bullmq@6.7.0"

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "packages.sh: needs node and npm" >&2
  exit 2
fi
mkdir -p "$folder/node_modules"
cd "$folder"
[ "$(cat installed 2>/dev/null)" = "$built $plain" ] && exit 0
wanted=""
for version in $built; do wanted="$wanted bull-$version@npm:bull@$version"; done
# shellcheck disable=SC2086  # one word a package
npm install --no-audit --no-fund --loglevel=error --ignore-scripts --omit=optional $wanted >&2
for version in $built; do
  rm -rf "node_modules/bull-$version/recorded"
  node "$here/record.js" "node_modules/bull-$version" "node_modules/bull-$version/recorded" >/dev/null
done
# shellcheck disable=SC2086
for archive in $(npm pack --loglevel=error $plain); do
  package=node_modules/${archive%.tgz}
  rm -rf "$package"
  mkdir -p "$package"
  tar -xzf "$archive" -C "$package" --strip-components=1
  rm "$archive"
done
echo "$built $plain" >installed
