-- redis.reply: errors and numbers as Redis writes them. Replies are Lua values as scripts see them: a status is
-- {ok = text}, an error is raised as {err = text}, nil is false, the rest are strings, integers and arrays.
local reply = {}

reply.OK = { ok = "OK" }
reply.WRONGTYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"
reply.SYNTAX = "ERR syntax error"
reply.NOT_INTEGER = "ERR value is not an integer or out of range"
reply.NOT_FLOAT = "ERR value is not a valid float"
reply.NO_KEY = "ERR no such key"
reply.OUT_OF_RANGE = "ERR index out of range"

-- Level 0: the text is Redis's, without a place.
function reply.fail(text) error({ err = text }, 0) end
local fail = reply.fail

function reply.arity(name) fail("ERR wrong number of arguments for '" .. name .. "' command") end

-- Arguments as they are sent: strings; numbers as a client would write them. refuse(value, i) raises for all else.
function reply.arguments(refuse, ...)
  local list = { ... }
  for i = 1, select("#", ...) do
    local value = list[i]
    local kind = math.type(value)
    if kind == "integer" then
      list[i] = tostring(value)
    elseif kind == "float" then
      list[i] = ("%.17g"):format(value)
    elseif type(value) ~= "string" then
      refuse(value, i)
    end
  end
  return list
end

-- A whole number as Redis reads it: no spaces, no sign but "-", no leading zeros, 64 bits. Else nil.
function reply.to_integer(text)
  if text == "0" then return 0 end
  if not text:find("^%-?[1-9]%d*$") or #text > 20 then return nil end
  return math.tointeger(tonumber(text))
end

function reply.integer(text, problem)
  return reply.to_integer(text) or fail(problem or reply.NOT_INTEGER)
end

local INFINITE = { inf = math.huge, infinity = math.huge }
INFINITE["+inf"], INFINITE["+infinity"] = math.huge, math.huge
INFINITE["-inf"], INFINITE["-infinity"] = -math.huge, -math.huge

function reply.float(text, problem)
  local number = INFINITE[text:lower()]
  if not number and text:find("^[%+%-]?[%d%.]") then number = tonumber((text:gsub("^%+", ""))) end
  return number and number + 0.0 or fail(problem or reply.NOT_FLOAT)
end

-- The same, but a whole number stays one, so that sums of those are exact.
function reply.number(text, problem)
  return reply.to_integer(text) or reply.float(text, problem)
end

-- A score: "%.17g", as addReplyDouble writes it.
function reply.score(number)
  if number == math.huge then return "inf" end
  if number == -math.huge then return "-inf" end
  return ("%.17g"):format(number)
end

-- The sum of INCRBYFLOAT: "%.17f" without zeros at the end. Redis adds in 80 bits and we do in 64: the last of more
-- than fifteen digits may differ.
function reply.sum(number)
  if math.type(number) == "integer" then return tostring(number) end
  local text = ("%.15f"):format(number):gsub("0+$", ""):gsub("%.$", "")
  return text == "-0" and "0" or text
end

-- first and last, 0-based and negative from the end, as 1-based positions; nil if nothing is between them.
function reply.range(first, last, size)
  if first < 0 then first = math.max(size + first, 0) end
  if last < 0 then last = size + last end
  if first > last or first >= size then return nil end
  return first + 1, math.min(last, size - 1) + 1
end

return reply
