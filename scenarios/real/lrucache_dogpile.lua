-- lua-resty-lrucache 0.13 (Debian), unmodified: two requests of one worker miss, and both load from the database.
-- The dog-pile effect that the documentation of lua-resty-lock describes (github.com/openresty/lua-resty-lock, "For
-- Cache Locks"). Light threads switch at the load alone, so it takes no second worker.
--   request 1 gets nil, and waits for the database
--   request 2 gets nil, and waits for the database too
--   both store what they were given
-- Needs: apt-get install lua-resty-lrucache; --path /usr/share/lua/5.1
local lockstep = require "lockstep"
local openresty = require "lockstep.openresty"

local app = openresty.load { "resty.lrucache" }

local function load_value(ngx)
  ngx.shared.database:incr("loads", 1, 0)
  ngx.sleep(0.01)
  return "value"
end

local function cache_of(require)
  local loaded = require("package").loaded
  loaded.cache = loaded.cache or assert(require("resty.lrucache").new(10))
  return loaded.cache
end

local function get(ngx, require)
  local cache = cache_of(require)
  local value = cache:get("key")
  if not value then
    value = load_value(ngx)
    cache:set("key", value)
  end
  assert(value == "value")
end

local function get_with_semaphore(ngx, require)
  local cache, loaded = cache_of(require), require("package").loaded
  loaded.loading = loaded.loading or require("ngx.semaphore").new(1)
  local value = cache:get("key")
  if not value then
    assert(loaded.loading:wait(1))
    value = cache:get("key")
    if not value then
      value = load_value(ngx)
      cache:set("key", value)
    end
    loaded.loading:post()
  end
  assert(value == "value")
end

local function loads(request)
  local server = openresty.start(app, { shared = { database = {} } })
  server:worker(request, request)
  server:join()
  local n = server:run(function(ngx) return ngx.shared.database:get("loads") end)
  assert(n == 1, n .. " loads of one key")
end

lockstep.scenario("lrucache: two requests load the same key", { expect = "assertion" }, function() loads(get) end)
lockstep.scenario("lrucache: one loads, the other waits", function() loads(get_with_semaphore) end)
