-- redis.sha1: FIPS 180-4, in hexadecimal.
local MASK = 0xffffffff

local function rotate(x, n) return (x << n | x >> (32 - n)) & MASK end

local function block(state, words)
  for i = 17, 80 do words[i] = rotate(words[i - 3] ~ words[i - 8] ~ words[i - 14] ~ words[i - 16], 1) end
  local a, b, c, d, e = table.unpack(state)
  for i = 1, 80 do
    local f, k
    if i <= 20 then
      f, k = (b & c) | (~b & d), 0x5a827999
    elseif i <= 40 then
      f, k = b ~ c ~ d, 0x6ed9eba1
    elseif i <= 60 then
      f, k = (b & c) | (b & d) | (c & d), 0x8f1bbcdc
    else
      f, k = b ~ c ~ d, 0xca62c1d6
    end
    local sum = (rotate(a, 5) + (f & MASK) + e + k + words[i]) & MASK
    a, b, c, d, e = sum, a, rotate(b, 30), c, d
  end
  for i, x in ipairs({ a, b, c, d, e }) do state[i] = (state[i] + x) & MASK end
end

return function(text)
  local state = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 }
  local padded = text .. "\x80" .. ("\0"):rep((55 - #text) % 64) .. (">I8"):pack(#text * 8)
  for at = 1, #padded, 64 do
    block(state, { (">I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4"):unpack(padded, at) })
  end
  return ("%08x%08x%08x%08x%08x"):format(table.unpack(state))
end
