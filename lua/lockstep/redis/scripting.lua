-- redis.scripting: EVAL and what belongs to it. A script is one operation. Its footprint is the keys that it is given
-- if every call in its text names its key as KEYS[n], else the whole server: what it touches is not known before.
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local environment = require "lockstep.redis.environment"
local sha1 = require "lockstep.redis.sha1"

local scripting = {}
local define, fail = store.define, reply.fail

-- Scripts that are named while files load, by text and by SHA-1: nothing has to be found out about them later.
local known = {}

-- Whether the script touches the keys that it is given, and no others: each call in its text names a command of one key,
-- and that key as KEYS[n], or several that are all so named.
local function touches_its_keys_alone(text)
  local calls = 0
  for _ in text:gmatch("redis%s*%.%s*p?call") do calls = calls + 1 end
  for name, rest in text:gmatch("redis%s*%.%s*p?call%s*%(%s*['\"](%a+)['\"]%s*,([^\n]*)") do
    local command = store.commands[name:lower()]
    local keys = command and command.keys
    if type(keys) ~= "table" or keys[1] ~= 1 then return false end
    local first = rest:match("^%s*KEYS%[%d+%]%s*([,%)])")
    if not first or (keys[2] ~= 1 and first == ",") then return false end
    calls = calls - 1
  end
  return calls == 0
end

local function facts(text)
  return { text = text, sha = sha1(text), declared = touches_its_keys_alone(text) }
end

-- What is known of a script's text, from this connection on.
function scripting.script(connection, text)
  local script = known[text] or connection.scripts[text]
  if not script then
    script = facts(text)
    connection.scripts[text] = script
  end
  return script
end

function scripting.preload(text)
  known[text] = known[text] or facts(text) -- lint: allow file-level-write (called while files load)
  known[known[text].sha] = known[text] -- lint: allow file-level-write (called while files load)
  return known[text].sha
end

-- ---- keys and arguments ----

local parts = environment.parts
local function row(sha) return { "script", sha } end
local function text_of(db, sha)
  local script = store.internal(db, row(sha))
  return script or fail("NOSCRIPT No matching script. Please use EVAL.")
end

-- Two scripts on different keys are independent if both are declared, and loaded already.
local function keys_of_eval(a, connection)
  local n = reply.to_integer(a[2]) or 0
  if not scripting.script(connection, a[1]).declared then return "all" end
  return { row(scripting.script(connection, a[1]).sha), table.unpack(a, 3, math.min(n + 2, #a)) }
end
local function keys_of_sha(a, connection)
  local sha = a[1]:lower()
  local script = connection.by_sha[sha] or known[sha]
  local n = reply.to_integer(a[2]) or 0
  if not script or not script.declared then return "all" end
  return { table.unpack(a, 3, math.min(n + 2, #a)) }, { row(sha) }
end

local function run(db, text, a, reads_only)
  local keys, arguments = parts(a)
  local script = scripting.script(db.connection, text)
  db.connection.by_sha[script.sha] = script
  return environment.run(db, script, keys, arguments, reads_only)
end

for name, access in pairs({ eval = "write", eval_ro = "read" }) do
  define(name, -3, "write", keys_of_eval, function(db, a)
    parts(a)
    local script = scripting.script(db.connection, a[1])
    if not store.internal(db, row(script.sha)) then
      environment.compile(db.connection, script)
      store.put_internal(db, row(script.sha), a[1])
    end
    return run(db, a[1], a, access == "read")
  end)
end
for name, access in pairs({ evalsha = "write", evalsha_ro = "read" }) do
  define(name, -3, "write", keys_of_sha, function(db, a)
    parts(a)
    return run(db, text_of(db, a[1]:lower()), a, access == "read")
  end)
end

local SUBCOMMANDS = {}
function SUBCOMMANDS.LOAD(db, a)
  local script = scripting.script(db.connection, a[2] or reply.arity("script|load"))
  environment.compile(db.connection, script)
  store.put_internal(db, row(script.sha), a[2])
  return script.sha
end
function SUBCOMMANDS.EXISTS(db, a)
  local found = {}
  for i = 2, #a do found[i - 1] = store.internal(db, row(a[i]:lower())) and 1 or 0 end
  return found
end
function SUBCOMMANDS.FLUSH(db)
  store.remove_internal(db, "script")
  return reply.OK
end
function SUBCOMMANDS.KILL() fail("NOTBUSY No scripts in execution right now.") end
define("script", -2, "write", "all", function(db, a)
  local subcommand = SUBCOMMANDS[a[1]:upper()]
  if not subcommand then fail("ERR unknown subcommand '" .. a[1] .. "'. Try SCRIPT HELP.") end
  return subcommand(db, a)
end)

return scripting
