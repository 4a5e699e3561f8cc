-- redis.bits: the libraries `bit` and `struct` of Redis's scripts.
local bits = { bit = {}, struct = {} }
local bit, struct = bits.bit, bits.struct

-- A number as 32 bits with a sign.
local function signed(n)
  n = (math.tointeger(n) or math.floor(n)) & 0xffffffff
  return n >= 1 << 31 and n - (1 << 32) or n
end
local function unsigned(n) return (math.tointeger(n) or math.floor(n)) & 0xffffffff end

bit.tobit = signed
function bit.bnot(n) return signed(~unsigned(n)) end
local function folded(combine)
  return function(first, ...)
    local n = unsigned(first)
    for i = 1, select("#", ...) do n = combine(n, unsigned((select(i, ...)))) end
    return signed(n)
  end
end
bit.band = folded(function(x, y) return x & y end)
bit.bor = folded(function(x, y) return x | y end)
bit.bxor = folded(function(x, y) return x ~ y end)
function bit.lshift(n, by) return signed(unsigned(n) << (by & 31)) end
function bit.rshift(n, by) return signed(unsigned(n) >> (by & 31)) end
function bit.arshift(n, by) return signed(signed(n) // (1 << (by & 31))) end
function bit.rol(n, by)
  by = by & 31
  return signed(unsigned(n) << by | unsigned(n) >> (32 - by))
end
function bit.ror(n, by) return bit.rol(n, -by) end
function bit.bswap(n) return signed((("<I4"):unpack((">I4"):pack(unsigned(n))))) end
function bit.tohex(n, digits)
  digits = digits or 8
  local text = ("%08x"):format(unsigned(n))
  if digits < 0 then
    digits = -digits
    text = text:upper()
  end
  return text:sub(-math.min(digits, 8))
end

-- struct's formats as those of string.pack: a string ends with a zero, "i" has four bytes.
local function translated(format)
  return (format:gsub("s", "z"):gsub("([iI])(%d*)", function(c, n) return c .. (n == "" and "4" or n) end))
end
function struct.pack(format, ...) return translated(format):pack(...) end
function struct.unpack(format, text, at) return translated(format):unpack(text, at or 1) end
function struct.size(format) return translated(format):packsize() end

return bits
