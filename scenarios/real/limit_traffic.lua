-- lua-resty-limit-traffic: limiters for connections, requests and counts read, decide and write in two operations on the
-- shared dictionary, so two workers let through more than the limit. Which of the three do so depends on the version:
-- those that decide by what incr returns do not (github.com/openresty/lua-resty-limit-traffic).
--   worker 0 gets what the key has: there is room
--   worker 1 gets the same: there is room
--   both write what they have let through
-- Needs lib/ of the module: --path lua-resty-limit-traffic/lib
local lockstep = require "lockstep"
local openresty = require "lockstep.openresty"

local app = openresty.load { "resty.limit.conn", "resty.limit.req", "resty.limit.count" }

-- How many of `requests` workers' requests are let through by a limiter that new(module) makes.
local function let_through(module, requests, new)
  local server = openresty.start(app, { shared = { limits = {}, passed = {} }, workers = requests })
  local function request(ngx, require)
    local limiter = assert(new(require(module)))
    local delay, why = limiter:incoming("key", true)
    assert(delay or why == "rejected", why)
    if delay then ngx.shared.passed:incr("n", 1, 0) end
  end
  for _ = 1, requests do server:worker(request) end
  server:join()
  return server:run(function(ngx) return ngx.shared.passed:get("n") end)
end

lockstep.scenario("limit.conn: one connection at a time", function()
  local n = let_through("resty.limit.conn", 2, function(m) return m.new("limits", 1, 0, 0.5) end)
  assert(n == 1, n .. " connections at a time")
end)

lockstep.scenario("limit.req: one request a second, and none more", function()
  local n = let_through("resty.limit.req", 2, function(m) return m.new("limits", 1, 0) end)
  assert(n == 1, n .. " requests at once")
end)

lockstep.scenario("limit.count: one request in ten seconds", function()
  local n = let_through("resty.limit.count", 2, function(m) return m.new("limits", 1, 10) end)
  assert(n == 1, n .. " requests")
end)
