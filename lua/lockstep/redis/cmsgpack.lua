-- redis.cmsgpack: MessagePack as Redis's scripts know it: a table whose keys are 1 to n is an array, another one a map.
local cmsgpack = {}

local pack

local function integer(n)
  if n >= 0 then
    if n < 128 then return string.char(n) end
    if n < 1 << 8 then return "\xcc" .. string.char(n) end
    if n < 1 << 16 then return "\xcd" .. (">I2"):pack(n) end
    if n < 1 << 32 then return "\xce" .. (">I4"):pack(n) end
    return "\xcf" .. (">i8"):pack(n)
  end
  if n >= -32 then return string.char(256 + n) end
  if n >= -128 then return "\xd0" .. (">i1"):pack(n) end
  if n >= -32768 then return "\xd1" .. (">i2"):pack(n) end
  if n >= -(1 << 31) then return "\xd2" .. (">i4"):pack(n) end
  return "\xd3" .. (">i8"):pack(n)
end

local function sized(n, small, limit, two, four)
  if n < limit then return string.char(small + n) end
  if n < 1 << 16 then return two .. (">I2"):pack(n) end
  return four .. (">I4"):pack(n)
end

local function text(s)
  if #s >= 32 and #s < 256 then return "\xd9" .. string.char(#s) .. s end
  return sized(#s, 0xa0, 32, "\xda", "\xdb") .. s
end

local function is_array(value)
  local n = 0
  for key in pairs(value) do
    n = n + 1
    if math.type(key) ~= "integer" or key < 1 or key > #value then return false end
  end
  return n == #value
end

local function composite(value, depth)
  if depth > 16 then return "\xc0" end -- as lua_cmsgpack does
  local parts = {}
  if is_array(value) then
    parts[1] = sized(#value, 0x90, 16, "\xdc", "\xdd")
    for i, item in ipairs(value) do parts[i + 1] = pack(item, depth) end
  else
    local n = 0
    for key, item in pairs(value) do
      n = n + 1
      parts[#parts + 1] = pack(key, depth) .. pack(item, depth)
    end
    table.insert(parts, 1, sized(n, 0x80, 16, "\xde", "\xdf"))
  end
  return table.concat(parts)
end

function pack(value, depth)
  local kind = type(value)
  if kind == "string" then return text(value) end
  if kind == "boolean" then return value and "\xc3" or "\xc2" end
  if kind == "table" then return composite(value, depth + 1) end
  if kind ~= "number" then return "\xc0" end
  local whole = math.tointeger(value)
  if whole then return integer(whole) end
  local short = (">f"):pack(value)
  return (">f"):unpack(short) == value and "\xca" .. short or "\xcb" .. (">d"):pack(value)
end
function cmsgpack.pack(...)
  if select("#", ...) == 0 then error("bad argument #0 to 'pack' (MessagePack pack needs input.)", 0) end
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = pack((select(i, ...)), 0) end
  return table.concat(parts)
end

-- ---- unpacking ----

local unpack

local function array(s, at, n)
  local list = {}
  for i = 1, n do list[i], at = unpack(s, at) end
  return list, at
end
local function map(s, at, n)
  local object = {}
  for _ = 1, n do
    local key, value
    key, at = unpack(s, at)
    value, at = unpack(s, at)
    object[key] = value
  end
  return object, at
end
local function bytes(s, at, n)
  if at + n - 1 > #s then error("Missing bytes in input.", 0) end
  return s:sub(at, at + n - 1), at + n
end

local NUMBERS = { [0xca] = ">f", [0xcb] = ">d", [0xcc] = ">I1", [0xcd] = ">I2", [0xce] = ">I4", [0xcf] = ">i8",
  [0xd0] = ">i1", [0xd1] = ">i2", [0xd2] = ">i4", [0xd3] = ">i8" }
local SIZED = { [0xc4] = { ">I1", bytes }, [0xc5] = { ">I2", bytes }, [0xc6] = { ">I4", bytes },
  [0xd9] = { ">I1", bytes }, [0xda] = { ">I2", bytes }, [0xdb] = { ">I4", bytes }, [0xdc] = { ">I2", array },
  [0xdd] = { ">I4", array }, [0xde] = { ">I2", map }, [0xdf] = { ">I4", map } }

local function number_at(s, at, form)
  if at + form:packsize() - 1 > #s then error("Missing bytes in input.", 0) end
  return form:unpack(s, at)
end

function unpack(s, at)
  local c = s:byte(at) or error("Missing bytes in input.", 0)
  at = at + 1
  if c < 0x80 then return c, at end
  if c < 0x90 then return map(s, at, c & 15) end
  if c < 0xa0 then return array(s, at, c & 15) end
  if c < 0xc0 then return bytes(s, at, c & 31) end
  if c >= 0xe0 then return c - 256, at end
  if c == 0xc0 then return nil, at end
  if c == 0xc2 or c == 0xc3 then return c == 0xc3, at end
  if NUMBERS[c] then
    local n, after = number_at(s, at, NUMBERS[c])
    return math.tointeger(n) or n, after
  end
  local sized_by = SIZED[c] or error("Bad data format in input.", 0)
  local n, after = number_at(s, at, sized_by[1])
  return sized_by[2](s, after, n)
end
function cmsgpack.unpack(s)
  local values, n, at = {}, 0, 1
  while at <= #s do
    n = n + 1
    values[n], at = unpack(s, at)
  end
  return table.unpack(values, 1, n)
end

return cmsgpack
