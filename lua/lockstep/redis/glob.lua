-- redis.glob: patterns of KEYS, SCAN and PSUBSCRIBE: * ? [a-z] [^a] and \ before what is meant itself.
local glob = {}

local function class_matches(pattern, at, byte)
  local negated = pattern:sub(at, at) == "^"
  if negated then at = at + 1 end
  local found = false
  while at <= #pattern and pattern:sub(at, at) ~= "]" do
    if pattern:sub(at, at) == "\\" and at < #pattern then
      at = at + 1
      found = found or pattern:byte(at) == byte
    elseif pattern:sub(at + 1, at + 1) == "-" and at + 2 <= #pattern then
      local low, high = pattern:byte(at), pattern:byte(at + 2)
      if low > high then low, high = high, low end
      found = found or (byte >= low and byte <= high)
      at = at + 2
    else
      found = found or pattern:byte(at) == byte
    end
    at = at + 1
  end
  return found ~= negated, at + 1
end

local function matches(pattern, p, text, t)
  while p <= #pattern do
    local c = pattern:sub(p, p)
    if c == "*" then
      for rest = t, #text + 1 do
        if matches(pattern, p + 1, text, rest) then return true end
      end
      return false
    end
    if t > #text then return false end
    if c == "[" then
      local yes, after = class_matches(pattern, p + 1, text:byte(t))
      if not yes then return false end
      p = after
    else
      if c == "\\" and p < #pattern then
        p = p + 1
        c = pattern:sub(p, p)
      elseif c == "?" then
        c = text:sub(t, t)
      end
      if c ~= text:sub(t, t) then return false end
      p = p + 1
    end
    t = t + 1
  end
  return t > #text
end

function glob.matches(pattern, text) return matches(pattern, 1, text, 1) end

return glob
