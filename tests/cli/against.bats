# replay --against: the commands of a recorded execution, to Debian's redis-server.
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  cat >queue.lua <<'LUA'
local lockstep = require "lockstep"
local redis = require "lockstep.redis"
local unlock = [[
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return redis.error_reply("ERR not mine")
]]
lockstep.scenario("queue", function()
  local server = redis.server()
  local c = server:connect()
  c:set("lock", "first", "NX", "PX", 100)
  c:sadd("set", "a", "b", "c")
  c:smembers("set")
  lockstep.spawn(function()
    local w = server:connect()
    local got = w:blpop("jobs", 0)
    w:hset("active", got[2], 1)
    w:pcall("incr", "active")
    w:pcall("nonsense", 1)
  end)
  lockstep.sleep(150)
  assert(c:get("lock") == nil)
  c:rpush("jobs", "a")
  lockstep.sleep(5)
  c:multi() c:incr("n") c:incr("n") c:exec()
  c:pcall("eval", unlock, 1, "lock", "x")
  c:ttl("active")
  assert(#c:hgetall("active") == 1, "a worker takes one job")
end)
LUA
  lockstep run queue.lua --iterations 1 --no-shrink
  exits 1
  T=$(ls traces/*.lockstep)
}
teardown() {
  [ -z "${SERVER:-}" ] || { kill "$SERVER"; wait "$SERVER" || true; }
}

server() {  # server NAME ARGUMENTS...
  redis-server --port 0 --unixsocket "$PWD/$1" --save "" --appendonly no "${@:2}" >server.log 3>&- &
  SERVER=$!
  for _ in $(seq 100); do [ -S "$1" ] && return; sleep 0.05; done
  cat server.log
  return 1
}

@test "a real server replies the same: expiry, a command that waits, transactions, scripts, errors" {
  server s
  lockstep replay --trace "$T" --against "$PWD/s"
  exits 0
  has "$out" "16 commands sent to $PWD/s, 15 of the replies are as simulated"
  has "$out" "1 not compared: they tell the time"
  # What is written stays, and is not written over.
  lockstep replay --trace "$T" --against "$PWD/s"
  exits 2
  has "$err" "the server is not empty: 3 keys"
}

@test "a reply that differs is shown with its place, and as NDJSON" {
  server s --rename-command HSET ""
  lockstep replay --trace "$T" --against s --format ndjson
  exits 1
  jq -es 'map(select(.type == "against"))[0].differ[0] |
    .command == "hset active a 1" and .site == "queue.lua:16" and .simulated == ":1" and (.real | startswith("-ERR unknown command"))' <<<"$out"
  echo "$out" >out.ndjson
  python3 "$LOCKSTEP_ROOT/tests/data/schema/check.py" "$LOCKSTEP_ROOT/cli/report/ndjson.schema.json" out.ndjson
  redis-cli -s s flushall
  lockstep replay --trace "$T" --against s
  exits 1
  has "$out" "command 7 of P1(fn:13) at queue.lua:16:  hset active a 1"
}

@test "what cannot be asked: no server, one too many, no Redis, an edited file, no commands" {
  lockstep replay --trace "$T" --against none
  exits 2
  has "$err" "--against none: cannot connect: No such file or directory"
  lockstep replay --trace "$T" --against localhost:1
  exits 2
  server s
  lockstep replay --trace "$T" --against s --against s
  exits 2
  has "$err" "the execution asks 1 server, and 2 are given"
  lockstep replay --trace "$T" --against s --scenario queue.lua
  exits 2
  scenario plain.lua plain <<<'error("no")'
  lockstep run plain.lua --iterations 1 --no-shrink --trace-dir plain
  lockstep replay --trace plain/*.lockstep --against s
  exits 2
  has "$err" "asks no server anything"
}
