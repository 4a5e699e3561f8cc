-- redis.cjson: JSON as Redis's scripts know it (lua-cjson with its default settings). Keys of objects come in the order
-- of `pairs`; whole numbers are integers whether they were written with a point or not.
local cjson = { null = {} }

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["/"] = "\\/", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n",
  ["\r"] = "\\r", ["\t"] = "\\t", ["\127"] = "\\u007f" }
local function quoted(text)
  return '"' .. text:gsub('[%c"\\/\127]', function(c) return ESCAPES[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local encode

-- How long the table is as an array; nil if it is an object.
local function array_size(value)
  local n, most = 0, 0
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 then return nil end
    n, most = n + 1, math.max(most, key)
  end
  if n == 0 then return nil end
  if most > 10 and most > n * 2 then error("Cannot serialise table: excessively sparse array", 0) end
  return most
end

local function encode_table(value, depth)
  if depth > 1000 then error("Cannot serialise, excessive depth (1001)", 0) end
  local parts = {}
  local n = array_size(value)
  if n then
    for i = 1, n do parts[i] = encode(value[i], depth) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for key, item in pairs(value) do
    if type(key) ~= "string" and type(key) ~= "number" then
      error("Cannot serialise table: table key must be a number or string", 0)
    end
    local name = type(key) == "number" and '"' .. ("%.14g"):format(key) .. '"' or quoted(key)
    parts[#parts + 1] = name .. ":" .. encode(item, depth)
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function encode(value, depth)
  if value == nil or value == cjson.null then return "null" end
  local kind = type(value)
  if kind == "boolean" then return tostring(value) end
  if kind == "string" then return quoted(value) end
  if kind == "table" then return encode_table(value, depth + 1) end
  if kind ~= "number" then error("Cannot serialise " .. kind .. ": type not supported", 0) end
  if value ~= value or value == math.huge or value == -math.huge then
    error("Cannot serialise number: must not be NaN or Inf", 0)
  end
  return ("%.14g"):format(value)
end
function cjson.encode(value) return encode(value, 0) end

-- ---- decoding ----

local decode
local UNESCAPED = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function problem(what, token, at)
  error(("Expected %s but found %s at character %d"):format(what, token, at), 0)
end
local function skip(text, at) return text:find("[^ \t\r\n]", at) or #text + 1 end

local function decode_string(text, at)
  local parts, from = {}, at + 1
  while true do
    local stop = text:find('["\\%c]', from)
    if not stop then problem("value", "unexpected end of string", #text + 1) end
    parts[#parts + 1] = text:sub(from, stop - 1)
    local c = text:sub(stop, stop)
    if c == '"' then return table.concat(parts), stop + 1 end
    if c ~= "\\" then problem("value", "invalid token", at) end
    local e = text:sub(stop + 1, stop + 1)
    from = stop + 2
    if e == "u" then
      local code = tonumber(text:match("^%x%x%x%x", from) or problem("value", "invalid unicode escape code", stop), 16)
      from = from + 4
      local low = code >= 0xd800 and code < 0xdc00 and text:match("^\\u(%x%x%x%x)", from)
      if low then
        code = 0x10000 + ((code - 0xd800) << 10) + (tonumber(low, 16) - 0xdc00)
        from = from + 6
      end
      e = utf8.char(code)
    elseif UNESCAPED[e] then
      e = UNESCAPED[e]
    elseif not e:find('^["\\/]') then
      problem("value", "invalid escape code", stop)
    end
    parts[#parts + 1] = e
  end
end

local function decode_array(text, at)
  local list, n = {}, 0
  at = skip(text, at + 1)
  if text:sub(at, at) == "]" then return list, at + 1 end
  while true do
    n = n + 1
    list[n], at = decode(text, at)
    at = skip(text, at)
    local c = text:sub(at, at)
    if c == "]" then return list, at + 1 end
    if c ~= "," then problem("comma or array end", c == "" and "T_END" or "invalid token", at) end
    at = at + 1
  end
end

local function decode_object(text, at)
  local object = {}
  at = skip(text, at + 1)
  if text:sub(at, at) == "}" then return object, at + 1 end
  while true do
    at = skip(text, at)
    if text:sub(at, at) ~= '"' then problem("object key string", "invalid token", at) end
    local key
    key, at = decode_string(text, at)
    at = skip(text, at)
    if text:sub(at, at) ~= ":" then problem("colon", "invalid token", at) end
    object[key], at = decode(text, at + 1)
    at = skip(text, at)
    local c = text:sub(at, at)
    if c == "}" then return object, at + 1 end
    if c ~= "," then problem("comma or object end", c == "" and "T_END" or "invalid token", at) end
    at = at + 1
  end
end

local EXACT = 1 << 53 -- there all numbers are doubles
local WORDS = { { "true", true }, { "false", false }, { "null", cjson.null } }
function decode(text, at)
  at = skip(text, at)
  local c = text:sub(at, at)
  if c == '"' then return decode_string(text, at) end
  if c == "{" then return decode_object(text, at) end
  if c == "[" then return decode_array(text, at) end
  for _, word in ipairs(WORDS) do
    if text:sub(at, at + #word[1] - 1) == word[1] then return word[2], at + #word[1] end
  end
  local digits = text:match("^%-?%d+%.?%d*[eE]?[%+%-]?%d*", at)
  local number = digits and tonumber(digits)
  if not number then problem("value", c == "" and "T_END" or "invalid token", at) end
  if number > EXACT or number < -EXACT then return number + 0.0, at + #digits end
  return math.tointeger(number) or number, at + #digits
end

function cjson.decode(text)
  text = tostring(text)
  if text:find("^.?%z") and #text > 1 then error("JSON parser does not support UTF-16 or UTF-32", 0) end
  local value, at = decode(text, 1)
  at = skip(text, at)
  if at <= #text then problem("the end", "invalid token", at) end
  return value
end

function cjson.encode_keep_buffer() end
function cjson.encode_max_depth() end
function cjson.decode_max_depth() end
function cjson.encode_sparse_array() end
function cjson.encode_number_precision() end
function cjson.encode_invalid_numbers() end
function cjson.decode_invalid_numbers() end

return cjson
