-- host: code of others, unmodified, in a process of its own. It is found along --path, compiled once while files load, and
-- run in each process that asks for it: what it keeps at file level belongs to that process.
-- The dialect is Lua 5.1's as LuaJIT has it, as far as it can be had from 5.4.
local lockstep = require "lockstep"
local core = require "lockstep.host_core"
local fibers = require "lockstep.fibers"

local host = {}

-- ---- reading and compiling, at file level ----

-- In 5.1 these two change the environment of their caller, here the variable that every global of a chunk lies in.
local function with_environments(text)
  text = ("\n" .. text):gsub("(\n[ \t]*)module([ \t]*%(?[ \t]*[%.\"'])", "%1_ENV = module%2")
  text = text:gsub("(\n[ \t]*)setfenv([ \t]*%([ \t]*1[ \t]*,)", "%1_ENV = setfenv%2")
  return text:sub(2)
end

-- A chunk as a function of its environment.
local function compile(text, file)
  local chunk, why = load("return function(_ENV, ...) " .. with_environments(text) .. "\nend", "@" .. file)
  if not chunk then lockstep.error(why) end
  return chunk()
end

local function required_by(text)
  local names = {}
  for name in text:gmatch("require[%s,]*%(?%s*[\"']([%w_%.%-/]+)[\"']") do names[#names + 1] = name end
  return names
end

-- What `names` and what these require are, as {name = chunk}; `provided` says what a host has itself. Of what a module
-- requires it is told that it is missing when it is asked for.
function host.load(names, provided)
  provided = provided or {}
  local chunks, why = {}, {}
  local function add(name, wanted)
    if chunks[name] or provided[name] or why[name] then return end
    local text, file = lockstep.module_source(name)
    if not text then
      if wanted then error(file, 3) end -- where the host was asked to load
      why[name] = file
      return
    end
    chunks[name] = compile(text, file)
    for _, inner in ipairs(required_by(text)) do add(inner, false) end
  end
  for _, name in ipairs(names) do add(name, true) end
  return { chunks = chunks, why = why }
end

-- ---- the dialect ----

local floor, math_type = math.floor, math.type

local function whole(x) return math_type(x) == "float" and x == floor(x) and x > -1e15 and x < 1e15 end

local function tostring51(x)
  if math_type(x) == "float" then
    if whole(x) then return string.format("%d", x) end
    if x ~= x then return "nan" end
    return string.format("%.14g", x)
  end
  return tostring(x)
end

-- %d of a number that is not whole cuts it off.
local function format51(pattern, ...)
  local arguments, n = table.pack(...), 0
  for conversion in pattern:gmatch("%%[%-+ #0]*%d*%.?%d*([%a%%])") do
    if conversion ~= "%" then
      n = n + 1
      local x = arguments[n]
      if conversion:find("[dicouxX]") and math_type(tonumber(x)) == "float" then
        x = tonumber(x)
        arguments[n] = floor(x < 0 and -x or x) * (x < 0 and -1 or 1)
      elseif conversion == "s" and math_type(x) == "float" then
        arguments[n] = tostring51(x)
      end
    end
  end
  return string.format(pattern, table.unpack(arguments, 1, arguments.n))
end

local string51 = {}
for name, f in pairs(string) do string51[name] = f end
string51.format, string51.gfind = format51, string.gmatch

-- Tables and functions as keys: the oldest first, which no schedule changes.
local function next51(t, key)
  local keys = core.ordered_keys(t)
  if not keys then return next(t, key) end
  local found = key == nil
  for i = 1, #keys do
    local k = keys[i]
    if found and t[k] ~= nil then return k, t[k] end
    if rawequal(k, key) then found = true end
  end
end
local function pairs51(t)
  local keys = type(t) == "table" and core.ordered_keys(t)
  if not keys then return pairs(t) end
  local i = 0
  return function()
    while i < #keys do
      i = i + 1
      local value = rawget(t, keys[i])
      if value ~= nil then return keys[i], value end
    end
  end
end

local table51 = {}
for name, f in pairs(table) do table51[name] = f end
table51.getn = function(t) return #t end
table51.foreach = function(t, f)
  for k, v in pairs51(t) do
    local r = f(k, v)
    if r ~= nil then return r end
  end
end
table51.foreachi = function(t, f)
  for i = 1, #t do
    local r = f(i, t[i])
    if r ~= nil then return r end
  end
end
table51.maxn = function(t)
  local most = 0
  for k in pairs(t) do
    if type(k) == "number" and k > most then most = k end
  end
  return most
end
table51.concat = function(list, separator, from, to)
  local texts = {}
  from, to = from or 1, to or #list
  for i = from, to do
    local x = list[i]
    texts[i - from + 1] = math_type(x) == "float" and tostring51(x) or x
  end
  return table.concat(texts, separator or "", 1, to - from + 1)
end

local math51 = {}
for name, f in pairs(math) do math51[name] = f end
math51.pow = function(x, y) return x ^ y end
math51.mod = math.fmod
math51.log10 = function(x) return math.log(x, 10) end
math51.ldexp = function(m, e) return m * 2.0 ^ e end
math51.frexp = function(x)
  if x == 0 or x ~= x or x == math.huge or x == -math.huge then return x, 0 end
  local e = 0
  while math.abs(x) >= 1 do x, e = x / 2, e + 1 end
  while math.abs(x) < 0.5 do x, e = x * 2, e - 1 end
  return x, e
end
math51.sinh = function(x) return (math.exp(x) - math.exp(-x)) / 2 end
math51.cosh = function(x) return (math.exp(x) + math.exp(-x)) / 2 end
math51.tanh = function(x) return math51.sinh(x) / math51.cosh(x) end
math51.randomseed = function() end -- numbers come from the execution's own stream

-- LuaJIT's: 32 bits, results with a sign.
local bit = {}
local function bits(x) return floor(tonumber(x) + 0.0) & 0xffffffff end
local function signed(x)
  x = x & 0xffffffff
  return x >= 0x80000000 and x - 0x100000000 or x
end
local function folded(f)
  return function(x, ...)
    local r = bits(x)
    for i = 1, select("#", ...) do r = f(r, bits((select(i, ...)))) end
    return signed(r)
  end
end
bit.band = folded(function(a, b) return a & b end)
bit.bor = folded(function(a, b) return a | b end)
bit.bxor = folded(function(a, b) return a ~ b end)
bit.tobit = function(x) return signed(bits(x)) end
bit.bnot = function(x) return signed(~bits(x)) end
bit.lshift = function(x, n) return signed(bits(x) << (n & 31)) end
bit.rshift = function(x, n) return signed(bits(x) >> (n & 31)) end
bit.arshift = function(x, n) return signed(signed(bits(x)) // (1 << (n & 31))) end
bit.rol = function(x, n) return signed(bits(x) << (n & 31) | bits(x) >> (-n & 31)) end
bit.ror = function(x, n) return bit.rol(x, -n) end
bit.bswap = function(x) return signed((string.unpack(">I4", string.pack("<I4", bits(x))))) end
bit.tohex = function(x, n)
  local digits = string.format("%08x", bits(x)):sub(-math.abs(n or 8))
  return n and n < 0 and digits:upper() or digits
end

-- What depends on when garbage is collected never happens here.
local function setmetatable51(t, meta)
  if meta then
    if rawget(meta, "__mode") then meta.__mode = nil end
    if rawget(meta, "__gc") then meta.__gc = nil end
  end
  return setmetatable(t, meta)
end

-- Fields that are not there fail by name when they are asked for.
local function lacking(name, known)
  return setmetatable(known or {}, {
    __index = function(_, field)
      lockstep.error(("%s has no %s"):format(name, tostring(field)))
    end,
  })
end
host.lacking = lacking

-- Of a process, which its chunks see as _G. `name` is for messages; `bundle` is what host.load gave; provided(name) gives
-- the modules of the host's own, as {name = function(env) -> module}.
function host.environment(name, bundle, provided)
  provided = provided or {}
  local env = {}
  for _, key in ipairs { "assert", "error", "getmetatable", "ipairs", "pcall", "print", "rawequal", "rawget",
    "rawlen", "rawset", "select", "tonumber", "type", "xpcall", "utf8" } do
    env[key] = _G[key]
  end
  env._G, env._VERSION = env, "Lua 5.1"
  env.next, env.pairs = next51, pairs51
  env.tostring, env.setmetatable, env.unpack = tostring51, setmetatable51, table.unpack
  env.string, env.table, env.math, env.bit, env.coroutine = string51, table51, math51, bit, fibers.coroutine
  env.jit = { version = "LuaJIT 2.1.0-beta3", version_num = 20100, os = "Linux", arch = "x64",
    on = function() end, off = function() end, flush = function() end, status = function() return true end }
  env.load = function(text, chunk, mode, e)
    if type(text) == "function" then
      local parts = {}
      for part in text do
        if part == "" then break end
        parts[#parts + 1] = part
      end
      text = table.concat(parts)
    end
    return load(text, chunk, mode, e or env)
  end
  env.loadstring = function(text, chunk) return load(text, chunk or text, "t", env) end
  env.getfenv = function() return env end
  env.setfenv = function(f, e)
    if f == 1 then return e end
    lockstep.error(name .. " host has no setfenv of another function: the environment of a chunk is set when it is loaded")
  end
  env.collectgarbage = function() return 0 end
  env.newproxy = function() return setmetatable({}, {}) end
  env.debug = lacking(name .. " host: debug", {
    traceback = function(message) return message or "" end,
    getinfo = function() return { short_src = "?", source = "?", currentline = 0, what = "Lua" } end,
    sethook = function() end,
  })
  env.os = lacking(name .. " host: os", {
    time = function() return host.epoch + lockstep.now() // 1000 end,
    clock = function() return lockstep.now() / 1000 end,
    difftime = function(a, b) return a - b end,
    getenv = function() return nil end,
  })
  env.io = lacking(name .. " host: io")
  local loaded, begun = {}, {}
  local standard = { string = string51, table = table51, math = math51, bit = bit,
    coroutine = fibers.coroutine, jit = env.jit, debug = env.debug, os = env.os, io = env.io, _G = env }
  for key, module in pairs(standard) do loaded[key] = module end
  local function require51(module)
    local known = loaded[module]
    if known ~= nil then return known end
    local own, chunk = provided[module], bundle.chunks[module]
    if own then
      loaded[module] = own(env)
      return loaded[module]
    end
    if not chunk then
      lockstep.error(bundle.why[module] or ("module '%s' not found: %s host does not provide it, and nothing that was "
        .. "loaded requires it by that name; name it at file level"):format(module, name))
    end
    if begun[module] then error(("loop or previous error loading module '%s'"):format(module), 2) end
    begun[module] = true
    local result = chunk(env, module)
    if result ~= nil then
      loaded[module] = result
    elseif loaded[module] == nil then
      loaded[module] = true
    end
    return loaded[module]
  end
  env.require = require51
  env.package = lacking(name .. " host: package", { loaded = loaded, preload = {}, path = "", cpath = "",
    seeall = function(m) setmetatable(m, { __index = env }) end })
  loaded.package = env.package
  env.module = function(module, ...)
    local m = loaded[module] or {}
    loaded[module], m._NAME, m._M = m, module, m
    for i = 1, select("#", ...) do (select(i, ...))(m) end
    return m
  end
  return env
end

-- A process that runs f(require, _G, ...).
function host.spawn(bundle, f, ...)
  return lockstep.spawn(function(...)
    local env = host.environment("lua51", bundle)
    return f(env.require, env, ...)
  end, ...)
end

-- Seconds since 1970 at which the virtual clock of an execution stands at 0.
host.epoch = 1700000000

return host
