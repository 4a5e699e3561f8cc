-- redis.dialect: the names of Lua 5.1 that Redis's scripts use. Numbers have one type there: what is whole prints
-- without a point. Here the result of a division is a float, and `..` shows it: tostring and redis.call do not.
local cjson = require "lockstep.redis.cjson"
local cmsgpack = require "lockstep.redis.cmsgpack"

local dialect = { _VERSION = "Lua 5.1", cjson = {}, cmsgpack = {} }

-- Libraries in C say where in the script they were called.
for name, library in pairs({ cjson = cjson, cmsgpack = cmsgpack }) do
  for key, value in pairs(library) do
    dialect[name][key] = type(value) ~= "function" and value or function(...)
      local results = table.pack(pcall(value, ...))
      if not results[1] then error(results[2], 2) end
      return table.unpack(results, 2, results.n)
    end
  end
end

dialect.assert, dialect.error, dialect.ipairs, dialect.next, dialect.pairs = assert, error, ipairs, next, pairs
dialect.getmetatable, dialect.setmetatable, dialect.select = getmetatable, setmetatable, select
dialect.rawequal, dialect.rawget, dialect.rawset = rawequal, rawget, rawset
dialect.tonumber, dialect.type, dialect.xpcall, dialect.coroutine = tonumber, type, xpcall, coroutine
dialect.unpack = table.unpack

-- An error of redis.call is its text there.
function dialect.pcall(...)
  local results = table.pack(pcall(...))
  local problem = results[2]
  if not results[1] and type(problem) == "table" and problem.err then return false, problem.err end
  return table.unpack(results, 1, results.n)
end

function dialect.tostring(value)
  local whole = math.type(value) == "float" and math.tointeger(value)
  return whole and tostring(whole) or tostring(value)
end

local function copy(from)
  local to = {}
  for key, value in pairs(from) do to[key] = value end
  return to
end

dialect.string = copy(string)
-- %d of a number that is not whole cuts it.
function dialect.string.format(text, ...)
  local args, i = table.pack(...), 0
  for kind in text:gsub("%%%%", ""):gmatch("%%[%-%+ #0]*%d*%.?%d*(%a)") do
    i = i + 1
    local number = ("cdioxX"):find(kind, 1, true) and math.type(tonumber(args[i])) == "float" and tonumber(args[i])
    if number then args[i] = math.tointeger(number) or (number < 0 and math.ceil(number) or math.floor(number)) end
    if kind == "s" and math.type(args[i]) == "float" then args[i] = dialect.tostring(args[i]) end
  end
  return string.format(text, table.unpack(args, 1, args.n))
end
dialect.string.gfind = string.gmatch

dialect.table = copy(table)
dialect.table.pack, dialect.table.unpack, dialect.table.move = nil, nil, nil
function dialect.table.getn(list) return #list end
function dialect.table.maxn(list)
  local most = 0
  for key in pairs(list) do
    if type(key) == "number" then most = math.max(most, key) end
  end
  return most
end
function dialect.table.foreach(list, f)
  for key, value in pairs(list) do
    local result = f(key, value)
    if result ~= nil then return result end
  end
end
function dialect.table.foreachi(list, f)
  for i, value in ipairs(list) do
    local result = f(i, value)
    if result ~= nil then return result end
  end
end

dialect.math = copy(math)
dialect.math.type, dialect.math.tointeger, dialect.math.ult = nil, nil, nil
function dialect.math.pow(x, y)
  local z = x ^ y
  return math.tointeger(z) or z
end
dialect.math.mod = math.fmod
function dialect.math.log10(x) return math.log(x, 10) end
-- Redis's generator starts anew with each script; it is not explored here.
function dialect.math.randomseed() end

-- A first line that names the engine ("#!lua flags=...") is none of Lua's.
function dialect.source(text) return (text:gsub("^#![^\n]*", "")) end

return dialect
