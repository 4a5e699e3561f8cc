#!/bin/bash
# The direction of includes is the architecture (README.md of each folder): the engine knows no Lua, no runtime and no
# command line; the runtime takes from the engine the boundary and the plain types that it names; the command line is
# the only place that sees both sides.
set -u
cd "${LOCKSTEP_ROOT:-$(dirname "$0")/..}" || exit 2
failures=0

# must_not FOLDER PATTERN WHY: no file of FOLDER includes what matches PATTERN.
must_not() {
  local found
  found=$(grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)" "$1" --include='*.h' --include='*.cpp')
  if [ -n "$found" ]; then
    echo "$3:"
    echo "$found"
    failures=$((failures + 1))
  fi
}

must_not engine 'vm/|cli/' 'the engine includes the runtime or the command line'
must_not engine 'lua|lauxlib|lualib|CLI/|spdlog/' 'the engine includes a library that is not its business'
must_not vm 'cli/|CLI/|spdlog/|nlohmann/|cereal/' 'the runtime includes the command line or one of its libraries'
must_not cli 'lua\.h|lua\.hpp|lauxlib|lualib|cereal/' 'the command line includes Lua or the serializer'

# rooms_of FOLDER ROOM...: each room includes only rooms before it, so there is no circle; each has a page, every file is
# in a room, and no room is left out here.
rooms_of() {
  local folder=$1 room other above below=
  shift
  for room; do
    above=
    for other; do
      [[ " $below $room " = *" $other "* ]] || above+="$other|"
    done
    must_not "$folder/$room" "$folder/(${above}none)/" "$folder/$room includes a room that comes after it"
    below="$below $room"
  done
  for room in "$folder"/*/; do
    [[ "$below " = *" $(basename "$room") "* ]] || { echo "$room has no place among the rooms"; failures=$((failures + 1)); }
    [ -f "$room/README.md" ] || { echo "$room has no page"; failures=$((failures + 1)); }
  done
  found=$(find "$folder" -maxdepth 1 -type f ! -name README.md ! -name main.cpp)
  [ -z "$found" ] || { echo "files of $folder without a room: $found"; failures=$((failures + 1)); }
}

# In the order of the tables of their pages.
rooms_of engine base boundary relation schedule search dpor trace explore contrast explain walk history
rooms_of engine/history model read monitors search txn check
rooms_of vm syntax memory machine recording guest sandbox footprints process signals tables state lifecycle history core loading system lint
rooms_of cli settings terminal fold report trace page against ci debug llm mcp selection search command
must_not engine/search 'engine/trace/' 'searches know no traces'
must_not engine/dpor 'engine/trace/' 'searches know no traces'
must_not engine/trace 'engine/search/' 'traces know no searches'
must_not engine/contrast 'engine/(search|dpor|explore)/' 'a contrast needs no search over all'
must_not engine/explain 'engine/(search|dpor|explore|contrast)/' 'explaining needs no search over all'
must_not engine/walk 'engine/(search|dpor|explore)/' 'walking needs no search over all'
must_not engine/history 'engine/(boundary|relation|schedule|search|dpor|trace|explore|contrast|explain|walk)/' 'checkers of histories know no schedules'

must_not vm/lint 'vm/(machine/(machine|world)|guest|process|signals|tables|history|state|recording|system)' 'lint runs nothing'

# No circles. A unit is a header with its source; tsort names those that include each other, by whatever way.
found=$(grep -rE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"(engine|vm|cli)/' engine vm cli --include='*.h' --include='*.cpp' |
  sed -E 's/^([^:]+)\.(h|cpp):[^"]*"([^"]+)\.h".*/\1 \3/' | awk '$1 != $2' | LC_ALL=C sort -u | tsort 2>&1 >/dev/null)
[ -z "$found" ] || { echo "units include each other: $found"; failures=$((failures + 1)); }

# The whole boundary: that room, plain values, and the relation that footprints are made for. The checkers of histories
# are what three files of the runtime bind to Lua.
allowed='boundary/(system|choice|activity|operation|site|event|outcome)|relation/(dependence|invariants)|base/(check|error|digest|files|prng|nearest)'
found=$(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"engine/' vm --include='*.h' --include='*.cpp' |
  grep -vE "\"engine/($allowed)\\.h\"" |
  grep -vE '^vm/history/(history_build|lua_model|checker_api)\.(h|cpp):.*"engine/history/')
if [ -n "$found" ]; then
  echo "the runtime includes more of the engine than the boundary:"
  echo "$found"
  failures=$((failures + 1))
fi

# CLI11 costs seconds a file; JSON more than one.
found=$(grep -rlE '#include <CLI/' cli | grep -vE '^cli/(settings/parse_options|main)\.cpp$')
[ -z "$found" ] || { echo "CLI11 is included outside parse_options.cpp: $found"; failures=$((failures + 1)); }
found=$(grep -rlE '#include <toml' cli | grep -v '^cli/settings/project\.cpp$')
[ -z "$found" ] || { echo "the TOML library is included outside project.cpp: $found"; failures=$((failures + 1)); }

[ "$failures" -eq 0 ] && echo "includes point the right way"
exit "$failures"
