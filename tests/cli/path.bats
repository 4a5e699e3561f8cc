# Modules and data that are not beside the scenario: --path, require, lockstep.source.
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  mkdir -p lib/pkg/inner other
  echo 'return { name = "pkg.thing", value = 7 }' >lib/pkg/thing.lua
  echo 'return { name = "pkg.inner" }' >lib/pkg/inner/init.lua
  echo 'return { name = "templated" }' >other/only_main.lua
  printf 'line one\n-- not Lua: (((\n' >lib/pkg/data.txt
  cat >uses.lua <<'LUA'
local lockstep = require "lockstep"
local thing = require "pkg.thing"
local inner = require "pkg.inner"
local data = lockstep.source("pkg/data.txt")
lockstep.scenario("uses", function()
  assert(thing.value == 7 and inner.name == "pkg.inner")
  assert(data == "line one\n-- not Lua: (((\n")
  assert(lockstep.choose(2) == 1, "second")
end)
LUA
}

@test "modules and data along the path are found, and a trace holds them" {
  lockstep run uses.lua --path lib --iterations 50
  exits 1
  has "$out" "second"
  trace=$(sed -n 's/^ *trace path: *//p' out)
  rm -r lib
  lockstep replay --trace "$trace"
  exits 1
  has "$out" "second"
}

@test "the path is a list, has templates, and may be in the project file" {
  echo 'local lockstep = require "lockstep"
    assert(require("only").name == "templated" and require("pkg.thing").value == 7)
    lockstep.scenario("t", function() end)' >template.lua
  lockstep run template.lua --path "other/?_main.lua;lib" --iterations 1
  exits 0
  printf 'path = ["other/?_main.lua", "lib"]\n' >lockstep.toml
  lockstep run template.lua --iterations 1
  exits 0
  lockstep list scenarios template.lua
  exits 0
}

@test "require gives the standard libraries" {
  scenario std.lua "std" <<'LUA'
  for _, name in ipairs { "math", "string", "table", "coroutine", "utf8" } do
    assert(require(name) == _G[name] and type(_G[name]) == "table", name)
  end
LUA
  lockstep run std.lua --iterations 1
  exits 0
  echo 'require "os"' >os.lua_
  mv os.lua_ asks_os.lua
  lockstep run asks_os.lua
  exits 3
  has "$err" "asks_os.lua:1: module 'os' not found"
  has "$err" "a scenario has no clock, files or environment"
}

@test "what is missing is told with where it was looked for, and what installs it" {
  lockstep run uses.lua --path other
  exits 3
  has "$err" "uses.lua:2: module 'pkg.thing' not found: no file 'pkg/thing.lua' beside the scenario, nor in other"
  echo 'require "copas"' >needs.lua
  lockstep run needs.lua
  exits 3
  has "$err" "needs.lua:1: module 'copas' not found"
  has "$err" "apt-get install lua-copas"
  echo 'local l = require "lockstep" l.source("bullmq/package.json")' >needs.lua
  lockstep run needs.lua
  exits 3
  has "$err" "npm install bullmq"
}

@test "nothing else of the disk is read, nor anything while a scenario runs" {
  echo secret >outside.txt
  mkdir inside
  for name in ../outside.txt "$PWD/outside.txt"; do
    echo "local l = require 'lockstep' l.source('$name')" >inside/reads.lua
    lockstep run inside/reads.lua
    exits 3
    has "$err" "a name without .. and without / at its beginning expected"
  done
  scenario late.lua "late" <<<'  lockstep.source("late.lua")'
  lockstep run late.lua
  exits 1
  has "$out" "'source' can only be called at file level"
}
