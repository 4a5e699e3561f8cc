-- lockstep.redis: what a run of commands in a row cannot show, which tests/redis compares with a real server.
local lockstep = require "lockstep"
local redis = require "lockstep.redis"

local function all(n, f)
  local refs = {}
  for i = 1, n do
    local _, ref = lockstep.spawn_monitor(f, i)
    refs[i] = ref
  end
  for i = 1, n do
    local down = lockstep.recv_first({ "DOWN", refs[i], lockstep.any, lockstep.any, lockstep.any })
    assert(down[5] == "normal", tostring(down[5]))
  end
end
local function fails(text, f, ...)
  local good, e = pcall(f, ...)
  assert(not good and tostring(e):find(text, 1, true), tostring(e))
end

lockstep.scenario("a command is one step", function()
  local server = redis.server()
  all(3, function() server:connect():incr("n") end)
  assert(server:connect():get("n") == "3")
end)

lockstep.scenario("get and set are two", { expect = "assertion" }, function()
  local server = redis.server()
  all(2, function()
    local c = server:connect()
    c:set("n", (c:get("n") or 0) + 1)
  end)
  assert(server:connect():get("n") == "2")
end)

lockstep.scenario("a script is one step", function()
  local server = redis.server()
  all(2, function()
    server:connect():eval("redis.call('set', KEYS[1], (redis.call('get', KEYS[1]) or 0) + 1)", 1, "n")
  end)
  assert(server:connect():get("n") == "2")
end)

lockstep.scenario("replies and errors", function()
  local c = redis.server():connect()
  assert(c:set("k", "v") == "OK" and c:get("missing") == nil)
  fails("WRONGTYPE Operation against a key holding the wrong kind of value", c.lpush, c, "k", "x")
  fails("ERR wrong number of arguments for 'get' command", c.get, c)
  assert(c:pcall("lpush", "k", "x").err:find("^WRONGTYPE"))
  fails("ERR unknown command 'nosuch', with args beginning with: 'a' ", c.call, c, "nosuch", "a")
  assert(c.nosuch == nil)
end)

lockstep.scenario("a key expires when its time has come", function()
  local c = redis.server():connect()
  c:set("lock", "me", "px", 100)
  lockstep.sleep(99)
  assert(c:pttl("lock") == 1 and c:get("lock") == "me")
  lockstep.sleep(1)
  assert(c:get("lock") == nil and c:set("lock", "you", "nx") == "OK")
end)

lockstep.scenario("EXEC is one step, and fails if what was watched has changed", function()
  local server = redis.server()
  all(2, function()
    local c = server:connect()
    repeat
      c:watch("n")
      local n = c:get("n") or 0
      c:multi()
      assert(c:set("n", n + 1) == "QUEUED" and c:incr("commits") == "QUEUED")
    until c:exec()
  end)
  local c = server:connect()
  assert(c:get("n") == "2" and c:get("commits") == "2")
end)

lockstep.scenario("a transaction with a mistake is not executed", function()
  local c = redis.server():connect()
  fails("ERR EXEC without MULTI", c.exec, c)
  c:multi()
  c:set("k", 1)
  fails("unknown command", c.call, c, "nosuch")
  fails("EXECABORT Transaction discarded because of previous errors.", c.exec, c)
  assert(c:get("k") == nil)
  c:multi()
  c:set("k", "x")
  c:lpush("k", 1)
  c:set("j", 2)
  local replies = c:exec()
  assert(replies[1].ok == "OK" and replies[2].err:find("^WRONGTYPE") and c:get("j") == "2")
end)

lockstep.scenario("an element is popped once, whoever waits", function()
  local server = redis.server()
  local got = redis.server({ name = "got" })
  all(3, function(i)
    local c = server:connect()
    if i < 3 then
      local pair = c:blpop("jobs", "others", 0)
      assert(pair[1] == "jobs")
      got:connect():rpush("got", pair[2])
    else
      c:rpush("jobs", "a", "b")
    end
  end)
  local list = got:connect():lrange("got", 0, -1)
  table.sort(list)
  assert(#list == 2 and list[1] == "a" and list[2] == "b" and server:connect():exists("jobs") == 0)
end)

lockstep.scenario("BLMOVE moves in the step of the push", function()
  local server = redis.server()
  lockstep.invariant("in one place", function()
    local c = server:connect()
    return c:llen("waiting") + c:llen("active") <= 1
  end)
  all(2, function(i)
    local c = server:connect()
    if i == 1 then
      assert(c:blmove("waiting", "active", "left", "right", 0) == "job")
    else
      c:lpush("waiting", "job")
    end
  end)
end)

lockstep.scenario("a wait is over when its time is, or served", function()
  local server = redis.server()
  assert(server:connect():blpop("k", 0.5) == nil and lockstep.now() == 500)
  all(2, function(i)
    local c = server:connect()
    if i == 1 then
      c:set("got", c:blpop("k", 1) and 1 or 0)
    else
      lockstep.sleep(1000)
      c:lpush("k", "late")
    end
  end)
  local c = server:connect()
  assert(c:llen("k") + c:get("got") == 1)
end)

lockstep.scenario("who subscribes hears what is published from then on", function()
  local server = redis.server()
  local c = server:connect()
  assert(c:publish("news", "before") == 0)
  c:subscribe("news")
  c:psubscribe("n*")
  assert(server:connect():publish("news", "now") == 2)
  local first, second = c:receive(), c:receive()
  assert(first[1] == "message" and first[3] == "now" and second[1] == "pmessage" and second[4] == "now")
  c:unsubscribe()
  assert(server:connect():publish("news", "after") == 1)
end)

local INCREMENT = "return redis.call('incr', KEYS[1])"
local SHA = redis.script(INCREMENT)

-- Two scripts on keys of their own commute: nothing of one races with the other.
lockstep.scenario("a script touches the keys that it names", function()
  local server = redis.server()
  assert(server:connect():script("load", INCREMENT) == SHA)
  all(2, function(i)
    local c = server:connect()
    assert(c:evalsha(SHA, 1, "k" .. i) == 1)
  end)
  local c = server:connect()
  fails("NOSCRIPT No matching script. Please use EVAL.", c.evalsha, c, "ffff", 0)
end)

local LIBRARY = [[#!lua name=mine
redis.register_function('add', function(keys, args) return redis.call('incrby', keys[1], args[1]) end)
redis.register_function{ function_name = 'look', callback = function(keys) return redis.call('get', keys[1]) end,
  flags = { 'no-writes' } }
]]
lockstep.scenario("functions of a library", function()
  local c = redis.server():connect()
  fails("ERR Function not found", c.fcall, c, "add", 0)
  fails("ERR Missing library metadata", c.call, c, "function", "load", "return 1")
  assert(c:call("function", "load", LIBRARY) == "mine")
  fails("ERR Library 'mine' already exists", c.call, c, "function", "load", LIBRARY)
  assert(c:fcall("add", 1, "n", 5) == 5 and c:fcall_ro("look", 1, "n") == "5")
  fails("ERR Can not execute a script with write flag using *_ro command.", c.fcall_ro, c, "add", 1, "n", 5)
end)

-- ---- faults ----

lockstep.scenario("a client may die between its commands", { cover = { "both", "one", "none" } }, function()
  local server = redis.server()
  local _, ref = lockstep.spawn_monitor(function()
    local c = server:connect({ dies = true })
    c:incr("first")
    c:incr("second")
  end)
  lockstep.recv_first({ "DOWN", ref, lockstep.any, lockstep.any, lockstep.any })
  local first, second = table.unpack(server:connect():mget("first", "second"))
  assert(first or not second)
  lockstep.cover(second and "both" or first and "one" or "none")
end)

lockstep.scenario("who repeats a command whose reply was lost does it twice", { expect = "assertion" }, function()
  local server = redis.server()
  local c = server:connect({ lost_replies = 1 })
  if not pcall(c.incr, c, "n") then c:incr("n") end
  assert(server:connect():get("n") == "1")
end)

lockstep.scenario("a replica has what the writes came to, not the commands", function()
  local server = redis.server({ replicated = true })
  local c = server:connect()
  c:set("l", "a", "PX", 100)
  c:sadd("s", "a", "b", "c", "d")
  for _ = 1, 3 do c:spop("s") end
  local left = c:smembers("s")[1]
  lockstep.sleep(60)
  assert(server:fail_over(0) == 0)
  assert(c:pttl("l") == 40 and c:smembers("s")[1] == left)
  assert(server:fail_over(1) == 1 and c:scard("s") == 2)
  assert(c:del("nothing") == 0)
  assert(server:fail_over(1) == 1 and c:scard("s") == 3, "what changes nothing is no write")
end)

lockstep.scenario("connections do not outlive a server", function()
  local server = redis.server({ replicated = true })
  local c, d = server:connect(), server:connect()
  local me = lockstep.self()
  d:subscribe("channel")
  lockstep.spawn(function()
    local good, why = pcall(function() server:connect():blpop("q", "r", 0) end)
    lockstep.send(me, { good, tostring(why):match("UNBLOCKED") })
  end)
  lockstep.sleep(10)
  server:fail_over(0)
  assert(c:publish("channel", "x") == 0)
  local told = lockstep.recv()
  assert(not told[1] and told[2] == "UNBLOCKED")
  c:rpush("q", "v")
  assert(c:llen("q") == 1)
end)

lockstep.scenario("a function serves who waits", function()
  local server = redis.server()
  local c = server:connect()
  c["function"](c, "load", "#!lua name=lib\n" ..
    "redis.register_function('add', function(keys, args) return redis.call('LPUSH', keys[1], args[1]) end)")
  local me = lockstep.self()
  lockstep.spawn(function() lockstep.send(me, server:connect():blpop("q", 0)) end)
  lockstep.sleep(10)
  c:fcall("add", 1, "q", "v")
  local got = lockstep.recv()
  assert(got[1] == "q" and got[2] == "v")
end)

lockstep.scenario("a replica lacks the last writes", function()
  local server = redis.server({ replicated = true })
  local c = server:connect()
  c:set("a", 1)
  c:multi()
  c:set("b", 2)
  c:incr("a")
  c:exec()
  assert(server:fail_over(1) == 1)
  assert(c:get("a") == "1" and c:get("b") == "2")
  c:set("c", 3)
  assert(server:fail_over(2) == 2 and c:get("b") == nil and c:get("a") == "1")
  assert(server:fail_over(9) == 1 and c:dbsize() == 0)
end)

lockstep.scenario("any key may be evicted", { cover = { "a", "b" } }, function()
  local server = redis.server()
  assert(server:evict() == nil)
  local c = server:connect()
  c:mset("a", 1, "b", 2)
  local gone = server:evict()
  lockstep.cover(gone)
  assert(c:dbsize() == 1 and c:get(gone) == nil)
end)
