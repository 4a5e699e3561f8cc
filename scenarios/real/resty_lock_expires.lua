-- lua-resty-lock: a lock that expires while its holder works is not its holder's any more, but unlock does not ask.
-- Documented: "exptime ... the lock will be released automatically" (github.com/openresty/lua-resty-lock, new).
--   worker 0 locks for 10 ms, and works for 20
--   worker 1 has waited, and locks what has expired
--   worker 0 unlocks: it deletes the lock of worker 1, and worker 2 is let in beside it
-- Needs lib/ of lua-resty-lock: --path lua-resty-lock/lib
local lockstep = require "lockstep"
local openresty = require "lockstep.openresty"

local app = openresty.load { "resty.lock" }

local function work(exptime)
  return function(ngx, require)
    local lock = assert(require("resty.lock"):new("locks", { exptime = exptime }))
    assert(lock:lock("key"))
    local inside = ngx.shared.work:incr("inside", 1, 0)
    assert(inside == 1, inside .. " inside")
    ngx.sleep(0.02)
    ngx.shared.work:incr("inside", -1)
    lock:unlock()
  end
end

local function two(exptime)
  local server = openresty.start(app, { shared = { locks = {}, work = {} } })
  server:worker(work(exptime))
  server:worker(work(exptime))
  server:join()
end

lockstep.scenario("resty.lock: it expires while its holder works", { expect = "crash" }, function() two(0.01) end)
lockstep.scenario("resty.lock: long enough", function() two(30) end)
