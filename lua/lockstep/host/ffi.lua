-- host.ffi: LuaJIT's ffi, as far as modules use it to lay out records: structs, arrays, pointers into these, and their
-- bytes. Nothing is called in C, and what is to be done on collection never is.
local lockstep = require "lockstep"

local host_ffi = {}

local sizes = { char = 1, short = 2, int = 4, long = 8, ["long long"] = 8, float = 4, double = 8, bool = 1, void = 1,
  size_t = 8, ssize_t = 8, intptr_t = 8, uintptr_t = 8, ptrdiff_t = 8, time_t = 8, u_char = 1 }
for bits = 8, 64, 8 do
  if bits == 8 or bits == 16 or bits == 32 or bits == 64 then
    sizes["int" .. bits .. "_t"], sizes["uint" .. bits .. "_t"] = bits // 8, bits // 8
  end
end
local unsigned = { size_t = true, uintptr_t = true, u_char = true }

local function fail(...) lockstep.error("ffi: " .. string.format(...)) end

local function scalar(name, is_unsigned)
  local size = sizes[name]
  local real = name == "float" or name == "double"
  local format = real and (size == 4 and "<f" or "<d") or
    ((is_unsigned or unsigned[name] or name:match("^u")) and "<I" or "<i") .. size
  return { kind = real and "real" or "integer", size = size, format = format, align = size, name = name }
end

-- A number as a field of that type holds it.
local function converted(ctype, x)
  if ctype.kind == "pointer" then return x end
  if x == nil or x == false then return 0 end
  if x == true then return 1 end
  x = tonumber(x) or fail("a number expected for %s", ctype.name)
  if ctype.kind == "real" then return x end
  local whole = math.tointeger(x < 0 and math.ceil(x) or math.floor(x)) or 0
  if ctype.size == 8 then return whole end
  local format = ctype.format
  local mask = (1 << ctype.size * 8) - 1
  whole = whole & mask
  if format:sub(2, 2) == "i" and whole > mask >> 1 then whole = whole - mask - 1 end
  return whole
end

-- ---- a process's own: what it has declared, and its memory ----

local BLOCK <const>, INDEX <const> = "\0block", "\0index"
local Ref = {}

local function ref(block, i)
  local known = block.refs[i]
  if not known then
    known = setmetatable({ [BLOCK] = block, [INDEX] = i }, Ref)
    block.refs[i] = known
  end
  return known
end
local function is_ref(x) return type(x) == "table" and getmetatable(x) == Ref end

local function fields_of(block, i)
  local record = block.values[i]
  if not record then
    record = {}
    block.values[i] = record
  end
  return record
end

local function field(block, name)
  local ctype = block.ctype
  return ctype.kind == "struct" and ctype.by_name[name]
end

function Ref.__index(x, key)
  local block, i = rawget(x, BLOCK), rawget(x, INDEX)
  if type(key) == "number" then
    if block.ctype.kind == "struct" then return ref(block, i + key) end
    return block.values[i + key] or converted(block.ctype, nil)
  end
  local f = field(block, key)
  if f then
    local value = fields_of(block, i)[key]
    if value == nil and f.ctype.kind ~= "pointer" then value = 0 end
    return value
  end
  local meta = block.ctype.meta
  local index = meta and meta.__index
  if type(index) == "function" then return index(x, key) end
  if index then return index[key] end
  fail("'%s' has no field '%s'", block.ctype.name or "?", tostring(key))
end
function Ref.__newindex(x, key, value)
  local block, i = rawget(x, BLOCK), rawget(x, INDEX)
  if type(key) == "number" then
    block.values[i + key] = converted(block.ctype, value)
    return
  end
  local f = field(block, key) or fail("'%s' has no field '%s'", block.ctype.name or "?", tostring(key))
  fields_of(block, i)[key] = converted(f.ctype, value)
end
function Ref.__eq(x, y) return rawget(x, BLOCK) == rawget(y, BLOCK) and rawget(x, INDEX) == rawget(y, INDEX) end
function Ref.__add(x, n)
  if not is_ref(x) then x, n = n, x end
  return ref(rawget(x, BLOCK), rawget(x, INDEX) + n)
end
function Ref.__sub(x, y)
  if is_ref(y) then return rawget(x, INDEX) - rawget(y, INDEX) end
  return ref(rawget(x, BLOCK), rawget(x, INDEX) - y)
end
function Ref.__len(x) return rawget(x, BLOCK).count end
function Ref.__tostring(x) return ("cdata<%s>: %d"):format(rawget(x, BLOCK).ctype.name or "?", rawget(x, INDEX)) end

local function pack_value(block, i)
  local ctype = block.ctype
  if ctype.kind ~= "struct" then return string.pack(ctype.format, block.values[i] or 0) end
  local bytes, record = "", fields_of(block, i)
  for _, f in ipairs(ctype.fields) do
    if f.ctype.kind == "pointer" or f.ctype.kind == "struct" then fail("the bytes of a struct that holds pointers have no meaning") end
    bytes = bytes .. ("\0"):rep(f.offset - #bytes) .. string.pack(f.ctype.format, record[f.name] or 0)
  end
  return bytes .. ("\0"):rep(ctype.size - #bytes)
end
local function unpack_value(block, i, bytes)
  local ctype = block.ctype
  if ctype.kind ~= "struct" then
    block.values[i] = string.unpack(ctype.format, bytes)
    return
  end
  local record = fields_of(block, i)
  for _, f in ipairs(ctype.fields) do record[f.name] = string.unpack(f.ctype.format, bytes, f.offset + 1) end
end

-- The module, for one process.
function host_ffi.new(host_name)
  local ffi = { os = "Linux", arch = "x64" }
  local types, next_address, of_strings, parsed = {}, 0x10000, {}, {}

  local function block(ctype, count)
    local b = { ctype = ctype, count = count, values = {}, refs = {}, address = next_address }
    next_address = next_address + (math.max(count, 1) * ctype.size + 15) // 16 * 16
    return b
  end

  local parse

  local function struct(body, name)
    local s = types["struct " .. (name or "")] or { kind = "struct", name = name and "struct " .. name }
    s.fields, s.by_name = {}, {}
    local offset, align = 0, 1
    for declaration in body:gmatch("[^;]+") do
      if declaration:find("%S") then
        local first, others = declaration:match("^([^,]*),?(.*)$")
        local base, name_of_first = first:match("^%s*(.*[%s%*])([%w_]+)%s*$")
        if not base then fail("cannot read the field '%s'", declaration:match("^%s*(.-)%s*$")) end
        for field_name in (name_of_first .. " " .. others):gmatch("[%w_]+") do
          local ctype = parse(base)
          local a = ctype.align
          offset = (offset + a - 1) // a * a
          align = math.max(align, a)
          local f = { name = field_name, ctype = ctype, offset = offset }
          s.fields[#s.fields + 1], s.by_name[field_name] = f, f
          offset = offset + ctype.size
        end
      end
    end
    s.size, s.align = (offset + align - 1) // align * align, align
    if name then types["struct " .. name] = s end
    return s
  end

  local function parse_text(text)
    local inner, count = text:match("^(.-)%s*%[([%d%?]*)%]%s*$")
    if inner then
      return { kind = "array", element = parse(inner), count = count ~= "?" and tonumber(count) or nil, size = 0, align = 8,
        name = text }
    end
    inner = text:match("^(.-)%s*%*%s*$") or text:match("^(.-)%s*&%s*$")
    if inner then return { kind = "pointer", target = inner, size = 8, align = 8, format = "<I8", name = text } end
    local body = text:match("^%s*struct%s*(%b{})%s*$")
    if body then return struct(body:sub(2, -2)) end
    text = text:gsub("%f[%w_]const%f[^%w_]", ""):gsub("%f[%w_]volatile%f[^%w_]", ""):gsub("%s+", " "):match("^ ?(.-) ?$")
    if types[text] then return types[text] end
    local is_unsigned = text:find("unsigned") ~= nil
    local base = text:gsub("unsigned", ""):gsub("%f[%w_]signed%f[^%w_]", ""):gsub("%s+", " "):match("^ ?(.-) ?$")
    if base ~= "long long" and base ~= "int" then base = base:gsub(" int$", "") end
    if base == "" then base = "int" end
    if sizes[base] then return scalar(base, is_unsigned) end
    if text:match("^struct [%w_]+$") then
      types[text] = { kind = "struct", name = text, size = 0, align = 1 }
      return types[text]
    end
    fail("no type '%s' is declared", text)
  end
  function parse(text)
    if type(text) == "table" then return text.ctype or text end
    local known = parsed[text]
    if not known then
      known = parse_text(text)
      parsed[text] = known
    end
    return known
  end

  function ffi.cdef(text)
    text = text:gsub("/%*.-%*/", " "):gsub("//[^\n]*", " ")
    local at = 1
    while true do
      local from, to, words = text:find("^%s*([^;{]*)", at)
      if not from or to >= #text then break end
      local body
      if text:sub(to + 1, to + 1) == "{" then
        body = text:match("^%b{}", to + 1)
        to = to + #body
      end
      local rest_end = text:find(";", to, true) or #text
      local rest = text:sub(to + 1, rest_end - 1)
      at = rest_end + 1
      local is_typedef = words:match("^typedef%s")
      words = words:gsub("^typedef%s+", "")
      if body then
        local s = struct(body:sub(2, -2), words:match("^struct%s+([%w_]+)"))
        local alias = rest:match("([%w_]+)")
        if is_typedef and alias then types[alias] = s end
      elseif is_typedef then
        local base, alias = words:match("^(.-)([%w_]+)%s*$")
        types[alias] = parse((base:gsub("%s+$", "")))
      end -- else a function, which nobody can call
    end
  end

  local CType = { __call = function(t, ...) return ffi.new(t, ...) end, __tostring = function(t) return "ctype<" .. (t.ctype.name or "?") .. ">" end }
  function ffi.typeof(t)
    if is_ref(t) then return setmetatable({ ctype = rawget(t, BLOCK).ctype }, CType) end
    return setmetatable({ ctype = parse(t) }, CType)
  end
  function ffi.metatype(t, meta)
    local ctype = parse(t)
    ctype.meta = meta
    return setmetatable({ ctype = ctype }, CType)
  end

  local function initialise(b, i, value)
    if b.ctype.kind ~= "struct" then
      b.values[i] = converted(b.ctype, value)
    elseif type(value) == "table" and not is_ref(value) then
      local record = fields_of(b, i)
      for n, f in ipairs(b.ctype.fields) do
        local v = value[f.name]
        if v == nil then v = value[n] end
        if v ~= nil then record[f.name] = converted(f.ctype, v) end
      end
    end
  end

  function ffi.new(t, first, ...)
    local ctype = parse(t)
    if ctype.kind == "array" then
      local count, values = ctype.count, { first, ... }
      if not count then
        count = first
        table.remove(values, 1)
      end
      local b = block(ctype.element, count)
      if type(values[1]) == "table" and not is_ref(values[1]) then values = values[1] end
      for i = 1, math.min(#values, count) do initialise(b, i - 1, values[i]) end
      return ref(b, 0)
    elseif ctype.kind == "struct" then
      local b = block(ctype, 1)
      local values = first
      if first ~= nil and type(first) ~= "table" then values = { first, ... } end
      initialise(b, 0, values)
      return ref(b, 0)
    elseif ctype.kind == "pointer" then
      return first
    end
    return converted(ctype, first)
  end

  local function address(x) return rawget(x, BLOCK).address + rawget(x, INDEX) * rawget(x, BLOCK).ctype.size end

  function ffi.cast(t, x)
    local ctype = parse(t)
    if ctype.kind ~= "pointer" then
      return converted(ctype, is_ref(x) and address(x) or x)
    elseif type(x) ~= "string" then
      return x
    end
    local target = parse(ctype.target)
    local kept = of_strings[target] or {}
    of_strings[target] = kept
    local b = kept[x]
    if not b then
      b = block(target, #x // math.max(target.size, 1))
      for i = 0, b.count - 1 do unpack_value(b, i, x:sub(i * target.size + 1, (i + 1) * target.size)) end
      kept[x] = b
    end
    return ref(b, 0)
  end

  function ffi.sizeof(t, n)
    if type(t) == "string" or not is_ref(t) then
      local ctype = parse(t)
      if ctype.kind == "array" then return ctype.element.size * (n or ctype.count) end
      return ctype.size * (n or 1)
    end
    local b = rawget(t, BLOCK)
    return b.ctype.size * b.count
  end

  function ffi.string(x, length)
    if type(x) == "string" then return length and x:sub(1, length) or x end
    if not is_ref(x) then fail("string: what has bytes expected, got %s", type(x)) end
    local b, i = rawget(x, BLOCK), rawget(x, INDEX)
    local size = b.ctype.size
    local parts, bytes = {}, 0
    while i < b.count and (not length or bytes < length) do
      local part = pack_value(b, i)
      if not length and part == "\0" then break end
      parts[#parts + 1], i, bytes = part, i + 1, bytes + size
    end
    local whole = table.concat(parts)
    return length and whole:sub(1, length) or whole
  end

  function ffi.copy(to, from, length)
    local bytes = type(from) == "string" and from .. (length and "" or "\0") or ffi.string(from, length)
    local b, i = rawget(to, BLOCK), rawget(to, INDEX)
    local size = b.ctype.size
    for at = 0, (length or #bytes) // size - 1 do unpack_value(b, i + at, bytes:sub(at * size + 1, (at + 1) * size)) end
  end

  function ffi.fill(to, length, byte)
    local b, i = rawget(to, BLOCK), rawget(to, INDEX)
    for at = i, i + length // b.ctype.size - 1 do
      if (byte or 0) == 0 then
        b.values[at] = nil
      else
        unpack_value(b, at, string.char(byte):rep(b.ctype.size))
      end
    end
  end

  function ffi.gc(x) return x end
  function ffi.istype(t, x) return is_ref(x) and rawget(x, BLOCK).ctype == parse(t) end
  function ffi.abi(what) return what == "64bit" or what == "le" end
  function ffi.errno() return 0 end
  local function no_c(_, name) lockstep.error(("%s host has no ffi.C.%s: nothing is called in C"):format(host_name, tostring(name))) end
  ffi.C = setmetatable({}, { __index = no_c })
  function ffi.load(name) lockstep.error(("%s host has no ffi.load of '%s': nothing is called in C"):format(host_name, tostring(name))) end
  return ffi
end

return host_ffi
