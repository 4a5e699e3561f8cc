-- redis.functions: FUNCTION LOAD and FCALL. A library is run once in each connection that calls it, to learn its
-- functions; what it touches is not known before, so FCALL touches the whole server.
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local environment = require "lockstep.redis.environment"
local dialect = require "lockstep.redis.dialect"

local define, fail = store.define, reply.fail
local ROW = { "functions" }

-- Runs the library: its functions by name, {callback, flags}.
local function functions_of(db, code)
  local connection = db.connection
  connection.libraries = connection.libraries or {}
  local found = connection.libraries[code]
  if found then return found end
  found = {}
  local state = environment.of(connection)
  local chunk, problem = load(dialect.source(code), "@user_function", "t", state.env)
  if not chunk then fail("ERR Error compiling function: " .. problem) end
  function state.redis.register_function(name, callback)
    local flags
    if type(name) == "table" then name, callback, flags = name.function_name, name.callback, name.flags end
    if type(name) ~= "string" then error("redis.register_function must get a function name argument", 0) end
    if type(callback) ~= "function" then error("redis.register_function must get a callback argument", 0) end
    if found[name] then error("Function already exists in the library", 0) end
    found[name] = { callback, flags or {} }
  end
  local good, e = pcall(chunk)
  state.redis.register_function = nil
  if not good then fail("ERR Error registering functions: " .. tostring(type(e) == "table" and e.err or e)) end
  if next(found) == nil then fail("ERR No functions registered") end
  connection.libraries[code] = found
  return found
end

local SUBCOMMANDS = {}
function SUBCOMMANDS.LOAD(db, a)
  local replace = a[2] and a[2]:upper() == "REPLACE"
  local code = a[replace and 3 or 2] or reply.arity("function|load")
  local engine, name = code:match("^#!(%a+) name=([%w_]+)%s*\n")
  if not engine then fail("ERR Missing library metadata") end
  if engine:lower() ~= "lua" then fail("ERR Engine '" .. engine .. "' not found") end
  local libraries = store.internal(db, ROW) or {}
  for i, library in ipairs(libraries) do
    if library[1] == name then
      if not replace then fail("ERR Library '" .. name .. "' already exists") end
      table.remove(libraries, i)
      break
    end
  end
  local names = functions_of(db, code)
  for _, library in ipairs(libraries) do
    for other in pairs(functions_of(db, library[2])) do
      if names[other] then fail("ERR Function " .. other .. " already exists") end
    end
  end
  libraries[#libraries + 1] = { name, code }
  store.put_internal(db, ROW, libraries)
  return name
end
function SUBCOMMANDS.DELETE(db, a)
  local libraries = store.internal(db, ROW) or {}
  for i, library in ipairs(libraries) do
    if library[1] == a[2] then
      table.remove(libraries, i)
      store.put_internal(db, ROW, libraries)
      return reply.OK
    end
  end
  fail("ERR Library not found")
end
function SUBCOMMANDS.FLUSH(db)
  store.put_internal(db, ROW, {})
  return reply.OK
end
define("function", -2, "write", "all", function(db, a)
  local subcommand = SUBCOMMANDS[a[1]:upper()]
  if not subcommand then fail("ERR unknown subcommand '" .. a[1] .. "'. Try FUNCTION HELP.") end
  return subcommand(db, a)
end)

local function call(db, a, reads_only)
  local found
  for _, library in ipairs(store.internal(db, ROW) or {}) do found = found or functions_of(db, library[2])[a[1]] end
  if not found then fail("ERR Function not found") end
  local keys, arguments = environment.parts(a)
  local no_writes = false
  for _, flag in ipairs(found[2]) do no_writes = no_writes or flag == "no-writes" end
  if reads_only and not no_writes then
    fail("ERR Can not execute a script with write flag using *_ro command.")
  end
  return environment.call(db, found[1], a[1], no_writes, keys, arguments)
end
define("fcall", -3, "write", "all", function(db, a) return call(db, a, false) end)
define("fcall_ro", -3, "write", "all", function(db, a) return call(db, a, true) end)
