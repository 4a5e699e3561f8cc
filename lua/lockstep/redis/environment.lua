-- redis.environment: what a script sees: Lua 5.1's names, redis.*, cjson, cmsgpack, struct, bit; and what its results
-- become. Globals are protected as in Redis.
local lockstep = require "lockstep"
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local sha1 = require "lockstep.redis.sha1"
local bits = require "lockstep.redis.bits"
local dialect = require "lockstep.redis.dialect"

local environment = {}
local commands, fail = store.commands, reply.fail

-- ---- redis.call ----

-- Not from scripts: what talks to the connection, or waits.
local REFUSED = { eval = true, evalsha = true, eval_ro = true, evalsha_ro = true, script = true, fcall = true,
  fcall_ro = true, ["function"] = true, multi = true, exec = true, discard = true, watch = true, unwatch = true,
  subscribe = true, unsubscribe = true, psubscribe = true, punsubscribe = true }

local function refuse() fail("ERR Lua redis lib command arguments must be strings or integers") end

local function call(db, name, ...)
  if name == nil then fail("ERR Please specify at least one argument for this redis.call() call") end
  local args = reply.arguments(refuse, ...)
  reply.arguments(refuse, name)
  local lower = tostring(name):lower()
  local command = commands[lower]
  if not command then fail("ERR Unknown Redis command called from script") end
  local n = #args + 1
  if (command.arity > 0 and n ~= command.arity) or n < -command.arity then
    fail("ERR Wrong number of args calling Redis command from script")
  end
  if REFUSED[lower] then fail("ERR This Redis command is not allowed from script") end
  if db.reads_only and command.access == "write" then
    fail("ERR Write commands are not allowed from read-only scripts.")
  end
  return command.run(db, args)
end

-- The script's line that calls, "user_script:3"; without a line if what called it is gone (`return redis.call(...)`).
local function place()
  for level = 3, 12 do
    local _, text = pcall(error, "", level)
    local found = text:match("^(user_%a+:%d+)")
    if found then return found end
  end
  return "user_script"
end

-- There all numbers are doubles.
local EXACT = 1 << 53
local function as_number(value)
  if math.type(value) == "integer" and (value > EXACT or value < -EXACT) then return value + 0.0 end
  return value
end

local function api(state)
  local redis = { LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3, REPL_ALL = 3, REPL_NONE = 0,
    REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REDIS_VERSION = "7.0.15", REDIS_VERSION_NUM = 0x0007000f }
  function redis.call(...)
    local good, value = pcall(call, state.db, ...)
    if good then return as_number(value) end
    if type(value) == "table" and value.err and not value.line then
      value = { err = value.err, line = place() }
    end
    error(value, 0)
  end
  function redis.pcall(...)
    local good, value = pcall(call, state.db, ...)
    if not good and not (type(value) == "table" and value.err) then error(value, 0) end
    return as_number(value)
  end
  -- A first word is the error's code, if there are more.
  function redis.error_reply(text)
    text = text:gsub("^%-", "")
    return { err = text:find(" ", 1, true) and text or "ERR " .. text }
  end
  function redis.status_reply(text) return { ok = text } end
  redis.sha1hex = sha1
  function redis.log() end
  function redis.setresp(n)
    if n ~= 2 and n ~= 3 then error("RESP version must be 2 or 3.", 0) end
  end
  function redis.replicate_commands() return true end
  function redis.set_repl() end
  function redis.breakpoint() return false end
  function redis.debug() end
  function redis.acl_check_cmd(name) return commands[tostring(name):lower()] ~= nil end
  return redis
end

-- ---- globals ----

local function new(connection)
  local state = {}
  local redis = api(state)
  local globals = setmetatable({ redis = redis, server = redis, bit = bits.bit, struct = bits.struct }, {
    __index = dialect,
  })
  local env = setmetatable({}, {
    __index = function(_, name)
      local value = globals[name]
      if value == nil then
        error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
      end
      return value
    end,
    __newindex = function() error("Attempt to modify a readonly table", 2) end,
  })
  globals._G = env
  function globals.loadstring(text, name) return load(text, name or "=" .. text, "t", env) end
  globals.load = globals.loadstring
  state.env, state.redis = env, redis
  connection.environment = state
  return state
end
function environment.of(connection) return connection.environment or new(connection) end

function environment.compile(connection, script)
  local state = environment.of(connection)
  local compiled = connection.compiled[script.sha]
  if compiled then return compiled, state end
  local problem
  compiled, problem = load(dialect.source(script.text), "@user_script", "t", state.env)
  if not compiled then fail("ERR Error compiling script (new function): " .. problem) end
  connection.compiled[script.sha] = compiled
  return compiled, state
end

-- ---- results ----

-- As a reply: numbers lose what is behind the point, an array ends before its first nil.
function environment.result(value)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "boolean" then return value and 1 or false end
  if kind == "number" then
    local whole = math.tointeger(value < 0 and math.ceil(value) or math.floor(value))
    return whole or math.mininteger -- as the cast does
  end
  if kind ~= "table" then return false end
  if type(value.err) == "string" then fail(value.err) end
  if type(value.ok) == "string" then return { ok = value.ok } end
  local list = {}
  for i, item in ipairs(value) do
    if type(item) == "table" and type(item.err) == "string" then
      list[i] = { err = item.err }
    else
      list[i] = environment.result(item)
    end
  end
  return list
end

local function raised(problem, sha)
  local where = type(problem) == "table" and problem.line
  if type(problem) == "table" and problem.err then
    fail(problem.err .. (" script: %s, on @%s."):format(sha, where or "user_script"))
  end
  local text = tostring(problem)
  where = text:match("^(user_script:%d+):") or text:match("^(user_function:%d+):")
  fail(("ERR %s script: %s, on @%s."):format(text, sha, where or "user_script"))
end

function environment.call(db, what, name, reads_only, ...)
  local state = environment.of(db.connection)
  local before, only = state.db, db.reads_only
  state.db, db.reads_only = db, reads_only
  local good, value = pcall(what, ...)
  state.db, db.reads_only = before, only
  if not good then
    if type(value) == "table" and value.class then error(value, 0) end -- ours, or OTP's: no matter of the script's
    raised(value, name)
  end
  return environment.result(value)
end

-- Of EVAL and its like: what follows the number of keys.
function environment.parts(a)
  local n = reply.to_integer(a[2])
  if not n then fail(reply.NOT_INTEGER) end
  if n > #a - 2 then fail("ERR Number of keys can't be greater than number of args") end
  if n < 0 then fail("ERR Number of keys can't be negative") end
  local keys, arguments = {}, {}
  for i = 3, #a do
    local list = i <= n + 2 and keys or arguments
    list[#list + 1] = a[i]
  end
  return keys, arguments
end

function environment.run(db, script, keys, args, reads_only)
  local compiled, state = environment.compile(db.connection, script)
  rawset(state.env, "KEYS", keys)
  rawset(state.env, "ARGV", args)
  return environment.call(db, compiled, script.sha, reads_only)
end

environment.now = lockstep.now
return environment
