-- openresty: nginx's Lua world. A worker is a process, a request of it a light thread, ngx.shared.DICT what workers share.
-- Modules are those that production runs, unmodified, found along --path.
local lockstep = require "lockstep"
local core = require "lockstep.threads_core"
local dict = require "lockstep.openresty.dict"
local ffi = require "lockstep.host.ffi"
local fibers = require "lockstep.fibers"
local host = require "lockstep.host"

local openresty = {}

local NAME <const> = "openresty"

-- JSON is the Redis host's, where the binary has it.
local has_json, json = pcall(require, "lockstep.redis.cjson")
if not has_json then json = nil end

-- ---- ngx, of one worker ----

local constants = {
  OK = 0, ERROR = -1, AGAIN = -2, DONE = -4, DECLINED = -5,
  STDERR = 0, EMERG = 1, ALERT = 2, CRIT = 3, ERR = 4, WARN = 5, NOTICE = 6, INFO = 7, DEBUG = 8,
  HTTP_GET = 2, HTTP_HEAD = 4, HTTP_POST = 8, HTTP_PUT = 16, HTTP_DELETE = 32, HTTP_OPTIONS = 512, HTTP_PATCH = 16384,
  HTTP_CONTINUE = 100, HTTP_OK = 200, HTTP_CREATED = 201, HTTP_ACCEPTED = 202, HTTP_NO_CONTENT = 204,
  HTTP_SPECIAL_RESPONSE = 300, HTTP_MOVED_PERMANENTLY = 301, HTTP_MOVED_TEMPORARILY = 302, HTTP_SEE_OTHER = 303,
  HTTP_NOT_MODIFIED = 304, HTTP_BAD_REQUEST = 400, HTTP_UNAUTHORIZED = 401, HTTP_FORBIDDEN = 403, HTTP_NOT_FOUND = 404,
  HTTP_NOT_ALLOWED = 405, HTTP_CONFLICT = 409, HTTP_TOO_MANY_REQUESTS = 429, HTTP_CLOSE = 444,
  HTTP_INTERNAL_SERVER_ERROR = 500, HTTP_NOT_IMPLEMENTED = 501, HTTP_BAD_GATEWAY = 502, HTTP_SERVICE_UNAVAILABLE = 503,
  HTTP_GATEWAY_TIMEOUT = 504,
}
local levels = { [0] = "stderr", "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug" }

-- What nginx has and this host does not: a call fails by name. A name that is not here is nil, as in nginx.
local lacking = {
  "exec", "redirect", "send_headers", "flush", "on_abort", "unescape_uri", "escape_uri", "encode_args", "decode_args",
  "encode_base64", "decode_base64", "hmac_sha1", "md5", "md5_bin", "sha1_bin", "quote_sql_str", "today", "localtime",
  "utctime", "cookie_time", "http_time", "parse_http_time", "run_worker_thread", "throw_error",
}
local lacking_tables = {
  re = { "match", "find", "gmatch", "sub", "gsub" },
  socket = { "tcp", "udp", "stream", "connect" },
  location = { "capture", "capture_multi" },
  resp = { "get_headers", "add_header" },
}
local function refused(name)
  return function() lockstep.error(("%s host has no ngx.%s"):format(NAME, name)) end
end

local function milliseconds(seconds) return math.max(0, math.floor(seconds * 1000 + 0.5)) end

local function crc32(text)
  local crc = 0xffffffff
  for i = 1, #text do
    crc = crc ~ text:byte(i)
    for _ = 1, 8 do crc = crc >> 1 ~ (crc & 1) * 0xedb88320 end
  end
  return crc ~ 0xffffffff
end

local function add_time(worker, ngx)
  local loop = worker.loop
  -- Always a float, so that keys that are made of it look alike.
  function ngx.now() return host.epoch + lockstep.now() / 1000 end
  function ngx.time() return host.epoch + lockstep.now() // 1000 end
  function ngx.update_time() end
  function ngx.sleep(seconds)
    seconds = tonumber(seconds)
    if not seconds or seconds < 0 then error("invalid sleep duration \"" .. tostring(seconds) .. "\"", 2) end
    loop:sleep(milliseconds(seconds))
  end
  local running, pending = 0, 0
  local function fire(phase, f, ...)
    running = running + 1
    local fiber = loop:self()
    fiber.phase, fiber.request = phase, { ctx = {}, var = {}, header = {}, threads = {} }
    f(false, ...)
    running = running - 1
  end
  ngx.timer = {
    at = function(delay, f, ...)
      if delay < 0 then error("delay cannot be a negative number", 2) end
      local arguments = table.pack(...)
      pending = pending + 1
      loop:spawn("timer", function()
        if delay > 0 then loop:park(milliseconds(delay)) end
        pending = pending - 1
        fire("timer", f, table.unpack(arguments, 1, arguments.n))
      end)
      return 1
    end,
    every = function(delay, f, ...)
      if delay <= 0 then error("delay must be a positive number", 2) end
      local arguments = table.pack(...)
      loop:spawn("every", function()
        while true do
          loop:park(milliseconds(delay))
          loop:spawn("timer", function() fire("timer", f, table.unpack(arguments, 1, arguments.n)) end)
        end
      end)
      return 1
    end,
    running_count = function() return running end,
    pending_count = function() return pending end,
  }
end

-- Of a request: it goes on until all of its light threads have ended.
local function enter(worker, fiber, request, phase)
  fiber.request, fiber.phase = request, phase
  request.threads[#request.threads + 1] = fiber
  worker.busy = worker.busy + 1
  fiber.on_end = function() worker.busy = worker.busy - 1 end
end

local function add_threads(worker, ngx)
  local loop = worker.loop
  local Thread = {}
  ngx.thread = {
    spawn = function(f, ...)
      local me = loop:self()
      local fiber = loop:spawn("thread", f, ...)
      fiber.caught = true -- whoever waits for it is told
      enter(worker, fiber, me.request, me.phase)
      loop:run_first(fiber)
      return setmetatable({ fiber = fiber }, Thread)
    end,
    wait = function(...)
      local list, n = {}, select("#", ...)
      for i = 1, n do list[i] = (select(i, ...)).fiber end
      local fiber = loop:wait_any(list)
      fiber.waited = true
      return fiber.ok, table.unpack(fiber.values, 1, fiber.values.n)
    end,
    kill = function(thread)
      if loop:kill(thread.fiber) then
        thread.fiber.waited = true
        return 1
      end
      return nil, "already waited or killed"
    end,
  }
end

local function add_request(worker, ngx)
  local loop = worker.loop
  local function request() return loop:self() and loop:self().request end
  function ngx.get_phase() return loop:self() and loop:self().phase or "init_worker" end
  function ngx.exit(status)
    local r = request()
    r.status = status
    for _, fiber in ipairs(r.threads) do
      fiber.waited = true
      loop:kill(fiber)
    end
    loop:leave()
  end
  function ngx.eof() return 1 end
  function ngx.say(...) request().body = (request().body or "") .. table.concat({ ... }) .. "\n" return 1 end
  function ngx.print(...) request().body = (request().body or "") .. table.concat({ ... }) return 1 end
  ngx.req = host.lacking(NAME .. " host: ngx.req", {
    get_method = function() return request().method or "GET" end,
    get_headers = function() return request().headers or {} end,
    get_uri_args = function() return request().args or {} end,
    start_time = function() return host.epoch + request().began / 1000 end,
    is_internal = function() return false end,
  })
  local own = { ctx = true, var = true, header = true, status = true }
  return setmetatable(ngx, {
    __index = function(_, key)
      if not own[key] then return nil end
      local r = request()
      if r then return r[key] end
      lockstep.error(("no request found (ngx.%s)"):format(key))
    end,
    __newindex = function(_, key, value)
      if own[key] and request() then
        request()[key] = value
      else
        rawset(ngx, key, value)
      end
    end,
  })
end

local Semaphore = {}
Semaphore.__index = Semaphore
function Semaphore:wait(seconds)
  local loop = self.loop
  if type(seconds) ~= "number" then error("bad argument #1 to 'wait' (number expected)", 2) end
  if self.n > 0 and #self.queue == 0 then
    self.n = self.n - 1
    return true
  end
  if seconds == 0 then return nil, "timeout" end
  local me = loop:self()
  self.queue[#self.queue + 1] = me
  local woken, why = loop:park(milliseconds(seconds))
  if woken then return true end
  for i, fiber in ipairs(self.queue) do
    if fiber == me then table.remove(self.queue, i) break end
  end
  return nil, why
end
function Semaphore:post(n)
  for _ = 1, n or 1 do
    local woken = false
    while not woken and #self.queue > 0 do woken = self.loop:wake(table.remove(self.queue, 1), true) end
    if not woken then self.n = self.n + 1 end
  end
  return true
end
function Semaphore:count() return self.n - #self.queue end

local function new_ngx(worker)
  local ngx = {}
  for name, value in pairs(constants) do ngx[name] = value end
  for _, name in ipairs(lacking) do ngx[name] = refused(name) end
  for group, names in pairs(lacking_tables) do
    ngx[group] = {}
    for _, name in ipairs(names) do ngx[group][name] = refused(group .. "." .. name) end
  end
  ngx.null = json and json.null or setmetatable({}, { __tostring = function() return "null" end, __metatable = "null" })
  ngx.shared = {}
  for name, d in pairs(worker.shared) do ngx.shared[name] = dict.open(d) end
  function ngx.log(level, ...)
    local parts = {}
    for i = 1, select("#", ...) do parts[i] = worker.env.tostring((select(i, ...))) end
    print("[" .. (levels[level] or tostring(level)) .. "] " .. table.concat(parts))
  end
  ngx.crc32_short, ngx.crc32_long = crc32, crc32
  ngx.is_subrequest, ngx.headers_sent = false, false
  ngx.config = { debug = false, subsystem = "http", nginx_version = 1022001, ngx_lua_version = 10023,
    prefix = function() return "/" end, nginx_configure = function() return "" end }
  ngx.worker = { id = function() return worker.id end, count = function() return worker.count end,
    pid = function() return 1000 + worker.id end, exiting = function() return false end }
  add_time(worker, ngx)
  add_threads(worker, ngx)
  return add_request(worker, ngx)
end

-- ---- what require gives of the host's own ----

local function clear(t)
  for key in pairs(t) do t[key] = nil end
end
local function nkeys(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end
local function nothing() return { version = "0.1.25" } end

local provided = {
  ["ffi"] = function() return ffi.new(NAME) end,
  ["table.new"] = function() return function() return {} end end,
  ["table.clear"] = function() return clear end,
  ["table.nkeys"] = function() return nkeys end,
  ["table.isempty"] = function() return function(t) return next(t) == nil end end,
  ["table.isarray"] = function() return function(t) return nkeys(t) == #t end end,
  ["table.clone"] = function()
    return function(t)
      local copy = {}
      for key, value in pairs(t) do copy[key] = value end
      return copy
    end
  end,
  ["ngx.semaphore"] = function(env)
    return { version = "0.1.25", new = function(n)
      n = n or 0
      if n < 0 then return nil, "no" end
      return setmetatable({ n = n, queue = {}, loop = env["\0worker"].loop }, Semaphore)
    end }
  end,
  ["ngx.process"] = function() return { type = function() return "worker" end } end,
  ["ngx.errlog"] = function(env) return { raw_log = env.ngx.log } end,
  ["resty.core.base"] = function()
    return { version = "0.1.25", new_tab = function() return {} end, clear_tab = clear,
      allows_subsystem = function() end, get_request = refused("get_request (resty.core.base)") }
  end,
}
for _, part in ipairs { "resty.core", "resty.core.shdict", "resty.core.time", "resty.core.misc", "resty.core.worker", "resty.core.ctx",
  "resty.core.utils", "resty.core.exit", "resty.core.phase", "resty.core.var", "resty.core.hash", "resty.core.regex",
  "resty.core.request", "resty.core.response", "resty.core.uri", "resty.core.base64" } do
  provided[part] = nothing
end

if json then
  local function safe(f)
    return function(...)
      local ok, value = pcall(f, ...)
      if ok then return value end
      return nil, value
    end
  end
  provided["cjson"] = function() return json end
  provided["cjson.safe"] = function()
    local copy = {}
    for name, f in pairs(json) do copy[name] = f end
    copy.encode, copy.decode = safe(json.encode), safe(json.decode)
    return copy
  end
end

-- Reads what the scenario needs, at file level.
function openresty.load(names)
  if type(names) == "string" then names = { names } end
  return host.load(names, provided)
end

-- ---- workers ----

local function new_worker(server, id)
  local worker = { id = id, count = server.workers, shared = server.shared, busy = 0, loop = fibers.new() }
  local env = host.environment(NAME, server.app, provided)
  env["\0worker"] = worker
  worker.env = env
  env.ngx = new_ngx(worker)
  return worker
end

local function handle(worker, request)
  local f = request.handler
  if type(f) == "string" then
    local chunk = worker.server.app.chunks[f]
    if not chunk then lockstep.error(("no module '%s' was loaded"):format(f)) end
    return chunk(worker.env, f)
  end
  return f(worker.env.ngx, worker.env.require)
end

local function unseen_error(requests)
  for _, request in ipairs(requests) do
    for _, fiber in ipairs(request.threads) do
      if fiber.caught and not fiber.ok and not fiber.waited then error(fiber.error, 0) end
    end
  end
end

local function serve(worker, requests, init)
  local loop = worker.loop
  local function idle() return worker.busy == 0 end
  local all = {}
  local function start(name, handler, phase)
    local request = type(handler) == "table" and handler or { handler = handler }
    if not request.handler then request.handler = request[1] end
    local r = { ctx = {}, var = request.var or {}, header = {}, threads = {}, handler = request.handler, began = lockstep.now(),
      method = request.method, headers = request.headers, args = request.args }
    all[#all + 1] = r
    enter(worker, loop:spawn(request.name or name, function() handle(worker, r) end), r, phase)
  end
  if init then
    start("init_worker", init, "init_worker")
    loop:run(idle)
  end
  for i, handler in ipairs(requests) do start("request " .. i, handler, "access") end
  loop:run(idle)
  unseen_error(all)
end

local function work(server, id, requests, done)
  lockstep.set_label("worker " .. id)
  local worker = new_worker(server, id)
  worker.server = server
  serve(worker, requests, server.init_worker)
  core.give(done)
  worker.loop:run() -- its timers go on
end

local Server = {}
Server.__index = Server

-- In the scenario's root. options: shared = {name = {size, full}}, init_worker = f(ngx, require), workers = how many
-- ngx.worker.count() tells (2).
function openresty.start(app, options)
  options = options or {}
  local server = { app = app, shared = {}, workers = options.workers or 2, init_worker = options.init_worker }
  local names = {}
  for name in pairs(options.shared or {}) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local o = options.shared[name]
    server.shared[name] = dict.new(name, type(o) == "table" and o or nil)
  end
  return setmetatable({ data = server, started = 0, waiting = {} }, Server)
end

-- A worker with these requests, which arrive at once: each a function of (ngx, require), the name of a module that is run
-- for it, or {handler, var =, headers =, args =, method =, name =}.
function Server:worker(...)
  local id = self.started
  self.started = id + 1
  local done = core.new("worker " .. id, 0)
  self.waiting[#self.waiting + 1] = done
  return lockstep.spawn(work, self.data, id, { ... }, done)
end

-- Waits until all requests so far are served.
function Server:join()
  for _, done in ipairs(self.waiting) do core.take(done) end
  self.waiting = {}
end

-- One request in the process that calls, which is no worker of its own: to prepare and to look.
function Server:run(f)
  local worker = new_worker(self.data, self.started)
  worker.server = self.data
  local results
  serve(worker, { function(ngx, require) results = table.pack(f(ngx, require)) end })
  return table.unpack(results, 1, results.n)
end

return openresty
