# Code of others, unmodified, from where Debian puts it: scenarios/real. Skipped where it is not installed.
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  LUA=/usr/share/lua/5.1
  REAL="$LOCKSTEP_ROOT/scenarios/real"
}
needs() { # needs FILE PACKAGE
  [ -e "$LUA/$1" ] || skip "no $LUA/$1: apt-get install $2"
}

@test "lua-resty-lrucache: the race is found within 1000 executions, its repair is proved" {
  needs resty/lrucache.lua lua-resty-lrucache
  lockstep run "$REAL/lrucache_dogpile.lua" --path "$LUA" --only "load the same key" --iterations 1000 --no-shrink
  exits 0
  has "$out" "failed as expected"
  has "$out" "assertion at lrucache_dogpile.lua:56"
  lockstep verify "$REAL/lrucache_dogpile.lua" --path "$LUA"
  exits 0
  has "$out" "one loads, the other waits: VERIFIED, all"
}

@test "lua-resty-lrucache: the last used stays, what has expired goes, in both its forms" {
  needs resty/lrucache.lua lua-resty-lrucache
  cat >lru.lua <<'LUA'
local lockstep = require "lockstep"
local openresty = require "lockstep.openresty"
local names = { "resty.lrucache", "resty.lrucache.pureffi" }
local app = openresty.load(names)
for _, name in ipairs(names) do
  lockstep.scenario(name, function()
    local server = openresty.start(app)
    server:worker(function(ngx, require)
      local cache = assert(require(name).new(2))
      cache:set("a", 1)
      cache:set("b", 2, 0.5)
      assert(cache:get("a") == 1 and cache:get("b") == 2)
      cache:set("c", 3)
      assert(cache:get("a") == nil and cache:get("b") == 2 and cache:get("c") == 3)
      ngx.sleep(1)
      local value, stale = cache:get("b")
      assert(value == nil and stale == 2 and cache:count() == 2 and cache:capacity() == 2)
      cache:delete("c")
      assert(cache:get("c") == nil and cache:count() == 1)
      cache:flush_all()
      assert(cache:count() == 0 and cache:get("b") == nil)
    end)
    server:join()
  end)
end
LUA
  lockstep verify lru.lua --path "$LUA"
  exits 0
  has "$out" "2 scenarios: 2 passed"
}

@test "copas: one of two readers sleeps for ever, one reader does not; the trace needs no package" {
  needs copas.lua lua-copas
  lockstep verify "$REAL/copas_two_readers.lua" --path "$LUA"
  exits 0
  has "$out" "fails as expected (deadlock)"
  has "$out" "one thread reads for both: VERIFIED"
  sed 's/{ expect = "deadlock" }, //' "$REAL/copas_two_readers.lua" >two.lua
  lockstep run two.lua --path "$LUA" --only "two threads" --iterations 1000 --no-shrink
  exits 1
  trace=$(sed -n 's/^ *trace path: *//p' out)
  lockstep replay --trace "$trace"
  exits 1
  has "$out" "deadlock"
}

@test "a scenario whose module is not there says where it was looked for, and what installs it" {
  lockstep run "$REAL/lrucache_dogpile.lua" --path /nowhere
  exits 3
  has "$err" "module 'resty.lrucache' not found"
  has "$err" "nor in /nowhere; install it (apt-get install lua-resty-lrucache) and name the folder: --path /usr/share/lua/5.1"
}

@test "module-level state is the worker's, and modules of 5.1 set their environment" {
  mkdir -p lib
  cat >lib/counter.lua <<'LUA'
module("counter", package.seeall)
local n = 0
total = 0
function add() n = n + 1 total = total + 1 return n end
LUA
  cat >lib/app.lua <<'LUA'
local counter = require "counter"
ngx.shared.seen:incr(tostring(ngx.worker.id()) .. ":" .. counter.add(), 1, 0)
assert(counter.total > 0 and _G.total == nil and total == nil)
LUA
  cat >worker.lua <<'LUA'
local lockstep = require "lockstep"
local openresty = require "lockstep.openresty"
local app = openresty.load { "app" }
lockstep.scenario("workers", function()
  local server = openresty.start(app, { shared = { seen = {} } })
  server:worker("app", "app")
  server:worker("app")
  server:join()
  server:run(function(ngx)
    assert(#ngx.shared.seen:get_keys() == 3)
    for _, key in ipairs { "0:1", "0:2", "1:1" } do assert(ngx.shared.seen:get(key) == 1, key) end
  end)
end)
LUA
  lockstep verify worker.lua --path lib
  exits 0
}

@test "what a host lacks fails by name, with the place in the foreign file" {
  mkdir -p lib
  printf 'local function f()\n  local m = ngx.re.match("a", "b")\n  return m\nend\nreturn { f = f }\n' >lib/uses.lua
  cat >lacks.lua <<'LUA'
local lockstep = require "lockstep"
local openresty = require "lockstep.openresty"
local app = openresty.load "uses"
lockstep.scenario("lacks", function()
  local server = openresty.start(app)
  server:worker(function(_, require) return (require("uses").f()) end)
  server:join()
end)
LUA
  lockstep run lacks.lua --path lib --iterations 1
  exits 1
  has "$out" "openresty host has no ngx.re.match"
  has "$out" "uses.lua:2"
}

@test "what is wrong with a foreign file is told with its line; at load with exit code 3" {
  mkdir -p lib
  printf 'local x = 1\nlocal y = = 2\n' >lib/broken.lua
  printf 'local t = setmetatable({}, { __mode = "k" })\nlocal function f() return nope.x end\nf()\n' >lib/raises.lua
  printf 'require "selfish"\nreturn 1\n' >lib/selfish.lua
  worker() { # worker MODULE
    cat >worker.lua <<LUA
local lockstep = require "lockstep"
local openresty = require "lockstep.openresty"
local app = openresty.load { "$1" }
lockstep.scenario("worker", function()
  local server = openresty.start(app)
  server:worker(function(_, require) require "$1" end)
  server:join()
end)
LUA
    lockstep run worker.lua --path lib --iterations 1 --no-shrink
  }
  worker broken
  exits 3
  has "$err" "worker.lua:3: broken.lua:2: unexpected symbol near '='"
  worker absent
  exits 3
  has "$err" "worker.lua:3: module 'absent' not found: no file 'absent.lua' beside the scenario, nor in lib"
  worker raises
  exits 1
  has "$out" "crash at raises.lua:2"
  worker selfish
  exits 1
  has "$out" "loop or previous error loading module 'selfish'"
}
