-- The nginx host against its public documentation: dictionaries, light threads, timers, semaphores.
local lockstep = require "lockstep"
local openresty = require "lockstep.openresty"

local app = openresty.load {}

local function alone(name, f)
  lockstep.scenario(name, function()
    local server = openresty.start(app, { shared = { d = { size = 1 << 16 }, e = {} } })
    server:worker(f)
    server:join()
  end)
end

local function same(...)
  local n = select("#", ...) // 2
  for i = 1, n do
    local got, wanted = (select(i, ...)), (select(n + i, ...))
    assert(got == wanted, ("value %d: %s, not %s"):format(i, tostring(got), tostring(wanted)))
  end
end

alone("set, add, replace, get, delete", function(ngx)
  local d = ngx.shared.d
  local a, b, c = d:set("k", "v")
  same(a, b, c, true, nil, false)
  same(d:get("k"), "v")
  a, b, c = d:add("k", 1)
  same(a, b, c, false, "exists", false)
  a, b, c = d:replace("none", 1)
  same(a, b, c, false, "not found", false)
  assert(d:replace("k", 2) and d:get("k") == 2)
  a, b = d:get("none")
  same(a, b, nil, nil)
  d:set("k", true, 0, 5)
  a, b = d:get("k")
  same(a, b, true, 5)
  assert(d:delete("k") and d:get("k") == nil)
  assert(d:delete("k"), "deleting what is not there is no error")
  d:set("k", 1)
  assert(d:set("k", nil) and d:get("k") == nil)
  a, b = d:get(nil)
  same(a, b, nil, "nil key")
  a, b = d:get("")
  same(a, b, nil, "empty key")
  a, b = d:set("k", {})
  same(a, b, nil, "bad value type")
  assert(ngx.shared.none == nil and ngx.shared.e:get("k") == nil)
  d.set(d, 12, "number") -- keys are strings
  assert(d:get("12") == "number")
end)

alone("incr", function(ngx)
  local d = ngx.shared.d
  local a, b, c = d:incr("n", 1)
  same(a, b, nil, "not found")
  a, b, c = d:incr("n", 2, 10)
  same(a, b, c, 12, nil, false)
  assert(d:incr("n", -2) == 10)
  d:set("s", "text")
  a, b = d:incr("s", 1)
  same(a, b, nil, "not a number")
  d:incr("t", 1, 0, 0.1)
  ngx.sleep(0.05)
  assert(d:incr("t", 1, 0, 0.1) == 2) -- its time is that of the first
  ngx.sleep(0.06)
  assert(d:incr("t", 1, 0, 0.1) == 1)
  assert(not pcall(d.incr, d, "n", 1, nil, 1))
end)

alone("time", function(ngx)
  local d = ngx.shared.d
  d:set("k", 1, 0.1, 3)
  assert(d:ttl("k") == 0.1)
  ngx.sleep(0.04)
  assert(math.abs(d:ttl("k") - 0.06) < 1e-9)
  ngx.sleep(0.061)
  assert(d:get("k") == nil)
  local a, b, c = d:get_stale("k")
  same(a, b, c, 1, 3, true)
  a, b = d:ttl("k")
  same(a, b, nil, "not found")
  a, b = d:expire("k", 1)
  same(a, b, nil, "not found")
  assert(d:add("k", 2), "what has expired is not there")
  assert(d:expire("k", 0.01) and d:ttl("k") == 0.01)
  d:set("for ever", 1)
  assert(d:ttl("for ever") == 0)
  ngx.sleep(0.02)
  assert(d:flush_expired() == 1)
  a, b, c = d:get_stale("k")
  same(a, c, nil, false)
  d:set("x", 1)
  d:flush_all()
  assert(d:get("x") == nil and d:get_stale("x") == 1 and #d:get_keys() == 0)
  assert(not pcall(d.set, d, "k", 1, -1))
end)

alone("lists", function(ngx)
  local d = ngx.shared.d
  assert(d:llen("l") == 0 and d:lpop("l") == nil)
  assert(d:lpush("l", 1) == 1 and d:lpush("l", "2") == 2 and d:rpush("l", 3) == 3 and d:llen("l") == 3)
  assert(d:lpop("l") == "2" and d:rpop("l") == 3 and d:lpop("l") == 1 and d:lpop("l") == nil)
  d:set("k", 1)
  local a, b = d:lpush("k", 1)
  same(a, b, nil, "value not a list")
  d:rpush("l", 1)
  a, b = d:get("l")
  same(a, b, nil, "value is a list")
  assert(#d:get_keys() == 2 and #d:get_keys(1) == 1)
  assert(d:capacity() == 65536 and d:free_space() < 65536 and d:free_space() % 4096 == 0)
end)

lockstep.scenario("a dictionary that is full", { expect = "crash" }, function()
  local server = openresty.start(app, { shared = { d = { full = "choice" } } })
  server:worker(function(ngx)
    local d = ngx.shared.d
    d:set("a", 1)
    d:set("b", 2)
    assert(d:get("a") == 1, "a had to go")
  end)
  server:join()
end)

alone("threads", function(ngx)
  local order = {}
  local function note(x) order[#order + 1] = x end
  local t = ngx.thread.spawn(function(x)
    note("thread " .. x)
    ngx.sleep(0.01)
    note "late"
    return "r", 2
  end, "a")
  note "main"
  local ok, r, n = ngx.thread.wait(t)
  assert(ok and r == "r" and n == 2)
  assert(table.concat(order, ", ") == "thread a, main, late")
  local bad = ngx.thread.spawn(function() error("caught", 0) end)
  local failed, why = ngx.thread.wait(bad)
  assert(not failed and why == "caught")
  local endless = ngx.thread.spawn(function() ngx.sleep(1000) end)
  local quick = ngx.thread.spawn(function() return 1 end)
  assert(select(2, ngx.thread.wait(endless, quick)) == 1)
  assert(ngx.thread.kill(endless) == 1)
  local nobody, already = ngx.thread.kill(endless)
  assert(nobody == nil and already == "already waited or killed")
  assert(ngx.now() < 1700000001)
end)

alone("semaphores", function(ngx, require)
  local s = require("ngx.semaphore").new(1)
  assert(s:count() == 1 and s:wait(0) and s:count() == 0)
  local ok, why = s:wait(0)
  same(ok, why, nil, "timeout")
  local got = {}
  local t = ngx.thread.spawn(function() got[1] = s:wait(1) end)
  local u = ngx.thread.spawn(function() got[2] = select(2, s:wait(0.01)) end)
  assert(s:count() == -2)
  s:post()
  ngx.thread.wait(t)
  ngx.thread.wait(u)
  assert(got[1] == true and got[2] == "timeout" and s:count() == 0)
end)

alone("timers", function(ngx)
  local fired = {}
  ngx.timer.at(0.02, function(premature, x) fired[#fired + 1] = { premature, x, ngx.get_phase() } end, "x")
  ngx.timer.every(0.01, function() fired[#fired + 1] = "every" end)
  assert(ngx.get_phase() == "access" and ngx.timer.pending_count() == 1)
  ngx.sleep(0.035)
  assert(#fired == 4)
  for _, f in ipairs(fired) do
    assert(f == "every" or f[1] == false and f[2] == "x" and f[3] == "timer")
  end
end)

lockstep.scenario("requests share their worker's modules, and no other's", function()
  local server = openresty.start(app, { shared = { d = {} } })
  local function request(ngx, require)
    local state = require("table.clone") -- a module that the worker has once
    local kept = require("_G")
    kept.n = (kept.n or 0) + 1
    ngx.ctx.mine = (ngx.ctx.mine or 0) + 1
    assert(ngx.ctx.mine == 1 and type(state) == "function")
    ngx.shared.d:incr("requests of " .. ngx.worker.id(), 1, 0)
    ngx.shared.d:set("kept by " .. ngx.worker.id(), kept.n)
  end
  server:worker(request, request)
  server:worker(request)
  server:join()
  server:run(function(ngx)
    for id, n in pairs { [0] = 2, 1 } do
      assert(ngx.shared.d:get("requests of " .. id) == n and ngx.shared.d:get("kept by " .. id) == n)
    end
  end)
end)

lockstep.scenario("exit ends a request with its threads", function()
  local server = openresty.start(app, { shared = { d = {} } })
  server:worker(function(ngx)
    ngx.thread.spawn(function()
      ngx.sleep(1)
      ngx.shared.d:set("k", "not killed")
    end)
    pcall(ngx.exit, 403)
    ngx.shared.d:set("k", "went on")
  end)
  server:join()
  assert(server:run(function(ngx) return ngx.shared.d:get("k") end) == nil)
end)

lockstep.scenario("init_worker is first", function()
  local server = openresty.start(app, { shared = { d = {} }, init_worker = function(ngx, require)
    ngx.sleep(0.01)
    require("_G").ready = true
  end })
  server:worker(function(_, require) assert(require("_G").ready) end)
  server:join()
end)

lockstep.scenario("an error in a request is a failure", { expect = "crash" }, function()
  local server = openresty.start(app)
  server:worker(function() error("500") end)
  server:join()
end)

alone("what is lacking fails by name", function(ngx, require)
  local function why(f, ...)
    local ok, e = pcall(f, ...)
    assert(not ok)
    return tostring(e)
  end
  assert(why(ngx.re.match, "a", "b"):find("openresty host has no ngx.re.match", 1, true))
  assert(why(ngx.socket.tcp):find("openresty host has no ngx.socket.tcp", 1, true))
  assert(why(ngx.md5, "x"):find("openresty host has no ngx.md5", 1, true))
  assert(why(require, "resty.redis"):find("module 'resty.redis' not found", 1, true))
  assert(why(function() return require("ffi").C.getpid() end):find("openresty host has no ffi.C.getpid", 1, true))
  assert(why(function() return require("io").open("x") end):find("openresty host: io has no open", 1, true))
  assert(ngx.no_such_thing == nil)
end)

alone("ffi lays out records", function(_, require)
  local ffi = require "ffi"
  ffi.cdef [[
    typedef struct node_s node_t; /* a list */
    struct node_s { double at; node_t *next, *prev; uint32_t flags; };
    struct rec { unsigned long excess; uint64_t last; };
    struct mixed { char c; int i; short s; double d; };
  ]]
  assert(ffi.sizeof("struct mixed") == 24 and ffi.sizeof("struct rec") == 16 and ffi.sizeof("node_t") == 32 and ffi.sizeof("int[?]", 5) == 20)
  local rec = ffi.new("struct rec")
  rec.excess, rec.last = 1500.75, 3
  local bytes = ffi.string(rec, 16)
  assert(bytes == string.pack("<I8I8", 1500, 3))
  local back = ffi.cast("const struct rec*", bytes)
  assert(tonumber(back.excess) == 1500 and back[0].last == 3)
  local nodes = ffi.new("node_t[?]", 3)
  nodes[0].next = nodes[1]
  nodes[1].next = nodes + 2
  assert(nodes[0].next == nodes[1] and nodes[1].next == nodes[2] and nodes[2].next == nil and nodes[0] == nodes)
  assert(nodes[2] - nodes[0] == 2)
  local uint = ffi.typeof("uintptr_t")
  assert(ffi.cast(uint, nodes + 1) - ffi.cast(uint, nodes) == 32)
  local ints = ffi.new("unsigned int[4]", { 1, 2, -1 })
  assert(ints[0] == 1 and ints[2] == 0xffffffff and ints[3] == 0)
  local u8 = ffi.new("uint8_t", 300)
  assert(u8 == 44)
  local Point = ffi.metatype("struct { int x; int y; }", { __index = { sum = function(p) return p.x + p.y end }, __gc = error })
  assert(Point(2, 3):sum() == 5 and ffi.istype(Point, Point()))
  local buffer = ffi.new("char[?]", 8)
  ffi.copy(buffer, "hello")
  assert(ffi.string(buffer) == "hello" and ffi.string(buffer, 2) == "he")
  ffi.fill(buffer, 8)
  assert(ffi.string(buffer) == "")
end)

alone("the dialect", function(_, require)
  local G = require "_G"
  local f = assert(G.loadstring [[
    local a, b = unpack { 1, 2 }
    t = { n = table.getn { 1, 2, 3 }, p = math.pow(2, 10), m = math.mod(7, 3), s = tostring(2.0), g = string.format("%d", 2.7) }
    t.c = table.concat({ 1.0, "x" }, ",")
    return a + b, bit.band(0xff, 0x0f), bit.bnot(0), bit.lshift(1, 31), bit.tohex(255, 4), bit.rshift(-1, 28)
  ]])
  local sum, band, bnot, shifted, hex, right = f()
  assert(sum == 3 and band == 15 and bnot == -1 and shifted == -2147483648 and hex == "00ff" and right == 15)
  local t = G.t
  assert(t.n == 3 and t.p == 1024 and t.m == 1 and t.s == "2" and t.g == "2" and t.c == "1,x")
  local keys, order = {}, {}
  for i = 1, 20 do keys[i] = {} end
  local set = { 1, 2, name = 3 }
  for i = 20, 1, -1 do set[keys[i]] = i end
  for k, v in G.pairs(set) do order[#order + 1] = type(k) == "table" and v or 0 end
  assert(#order == 23)
  for i = 1, 20 do assert(order[3 + i] == i, "the oldest first") end
  local n = 0
  for _ in G.next, set do n = n + 1 end
  assert(n == 23)
end)
