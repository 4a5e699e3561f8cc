-- What Lua looks like from inside: exactly the allowed names, and nothing that differs from run to run.
local lockstep = require "lockstep"

local function names(t)
  local list = {}
  for k in pairs(t) do
    list[#list + 1] = k
  end
  table.sort(list)
  return table.concat(list, " ")
end

local function same(actual, expected)
  assert(actual == expected, "expected " .. tostring(expected) .. "\ngot " .. tostring(actual))
end

local function fails(text, f, ...)
  local ok, problem = pcall(f, ...)
  assert(not ok, "should have failed: " .. text)
  assert(tostring(problem):find(text, 1, true), tostring(problem) .. " does not say " .. text)
end

lockstep.scenario("the globals are the allowed ones", function()
  same(
    names(_G),
    "_G _VERSION assert coroutine error getmetatable ipairs load math next pairs pcall print rawequal rawget rawlen "
      .. "rawset require select setmetatable string table tonumber tostring type utf8 xpcall"
  )
  same(names(coroutine), "close create isyieldable resume running status wrap yield")
  same(
    names(math),
    "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max maxinteger min "
      .. "mininteger modf pi pow rad random sin sinh sqrt tan tanh tointeger type ult"
  )
  same(
    names(string),
    "byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper"
  )
  same(names(table), "concat insert move pack remove sort unpack")
  same(names(utf8), "char charpattern codepoint codes len offset")
end)

lockstep.scenario("what is not there says why", function()
  for _, name in ipairs({ "os", "io", "debug", "package", "dofile", "loadfile", "collectgarbage" }) do
    fails("'" .. name .. "' is not available in a scenario", function()
      return _G[name]
    end)
  end
end)

lockstep.scenario("pairs and next refuse keys without an order", function()
  for _, key in ipairs({ {}, print, function() end, coroutine.create(print) }) do
    fails("as key has no order", function()
      for _ in pairs({ [key] = 1 }) do
      end
    end)
    fails("as key has no order", next, { [key] = 1 })
  end
  local seen = 0
  for _ in pairs({ [lockstep.self()] = 1, [lockstep.make_ref()] = 2, [1.5] = 3, [true] = 4, x = 5 }) do
    seen = seen + 1
  end
  same(seen, 5)
end)

lockstep.scenario("tostring shows no addresses", function()
  local t = {}
  same(tostring(t), "table#1")
  same(tostring({}), "table#2")
  same(tostring(t), "table#1")
  same(string.format("%s", print), "function#3")
  same(tostring(coroutine.create(print)), "thread#4")
  fails("address", string.format, "%p", t)
  fails("address", string.format, "%-20p", t)
  same(string.format("%%p %d%%", 5), "%p 5%")
  assert(not tostring(lockstep.self()):find("0x"))
  local _, problem = pcall(error, t)
  same(tostring(problem), "table#1")
  local odd = setmetatable({}, {
    __tostring = function()
      return t
    end,
  })
  fails("'__tostring' must return a string", tostring, odd)
  fails("'__tostring' must return a string", string.format, "%s", odd)
end)

lockstep.scenario("reasons show no addresses", { crashes = "allow" }, function()
  local function reason(f)
    local _, ref = lockstep.spawn_monitor(f)
    return lockstep.recv_first({ "DOWN", ref, lockstep.any, lockstep.any, lockstep.any })[5]
  end
  local cyclic = function()
    local t = {}
    t.t = t
    return t
  end
  same(reason(function()
    error(cyclic())
  end)[1], "table#1")
  same(reason(function()
    lockstep.exit(coroutine.create(cyclic))
  end), "thread#1")
  same(reason(function()
    error(setmetatable({}, { __name = "Named" }))
  end)[1], "table#1")
  local _, ref = lockstep.spawn_monitor(lockstep.exit, nil)
  local down = lockstep.recv()
  assert(down[2] == ref and down[5] == nil)
end)

lockstep.scenario("coroutines close what they leave open", function()
  local closed = 0
  local function open(f)
    return function()
      local _ <close> = setmetatable({}, {
        __close = function()
          closed = closed + 1
        end,
      })
      f()
    end
  end
  fails("boom", coroutine.wrap(open(function()
    error("boom")
  end)))
  same(closed, 1)
  local co = coroutine.create(open(coroutine.yield))
  coroutine.resume(co)
  same(coroutine.close(co), true)
  same(closed, 2)
  same(coroutine.status(co), "dead")
  co = coroutine.create(error)
  coroutine.resume(co, "boom")
  local ok, problem = coroutine.close(co)
  assert(ok == false and problem == "boom")
  fails("cannot close a running coroutine", coroutine.wrap(function()
    coroutine.close(coroutine.running())
  end))
  local function again()
    local one = coroutine.create(function()
      local _ <close> = setmetatable({}, { __close = again })
      coroutine.yield()
    end)
    coroutine.resume(one)
    assert(coroutine.close(one))
  end
  fails("C stack overflow", again)
end)

lockstep.scenario("no bytecode", function()
  same(string.dump, nil)
  local f, problem = load("\27Lua")
  assert(f == nil and problem:find("binary"), problem)
  fails("only text", load, function() end)
  same(load("return 1 + 1")(), 2)
end)

lockstep.scenario("no finalizers, no weak tables", function()
  fails("__gc", setmetatable, {}, { __gc = print })
  fails("__mode", setmetatable, {}, { __mode = "k" })
  fails("protected metatable", setmetatable, _G, {})
  same(getmetatable(""), "string")
  same(getmetatable(_G), "globals")
end)

lockstep.scenario("table.sort is stable", function()
  for _, n in ipairs({ 0, 1, 2, 7, 8, 9, 16, 17, 100, 1000 }) do
    local list = {}
    for i = 1, n do
      list[i] = { key = i * 7919 % 5, place = i }
    end
    table.sort(list, function(a, b)
      return a.key < b.key
    end)
    for i = 2, n do
      local a, b = list[i - 1], list[i]
      assert(a.key < b.key or (a.key == b.key and a.place < b.place))
    end
  end
end)

lockstep.scenario("table.sort sorts and checks as Lua's", function()
  local list = { "pear", "apple", "fig" }
  table.sort(list)
  same(table.concat(list, " "), "apple fig pear")
  list = { 3, 1.5, 2, -1 }
  table.sort(list, function(a, b)
    return a > b
  end)
  same(table.concat(list, " "), "3 2 1.5 -1")
  fails("(table expected, got nil)", table.sort, nil)
  fails("(function expected, got number)", table.sort, { 2, 1 }, 5)
  fails("attempt to compare", table.sort, { 1, "x" })
  fails("stop", table.sort, { 2, 1 }, function()
    error("stop")
  end)
  table.sort({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, function()
    return true
  end)
  local proxy = setmetatable({}, {
    __len = function()
      return 3
    end,
    __index = function(_, i)
      return 4 - i
    end,
    __newindex = rawset,
  })
  table.sort(proxy)
  same(table.concat({ rawget(proxy, 1), rawget(proxy, 2), rawget(proxy, 3) }, " "), "1 2 3")
end)

lockstep.scenario("operations work inside sort, gsub, coroutines and pcall", function()
  local list = { 3, 1, 2 }
  table.sort(list, function(a, b)
    lockstep.yield()
    return a < b
  end)
  same(table.concat(list), "123")
  same(
    (string.gsub("abc", ".", function(c)
      lockstep.send(lockstep.self(), c)
      return lockstep.recv():upper()
    end)),
    "ABC"
  )
  local co = coroutine.wrap(function()
    lockstep.yield()
    coroutine.yield(lockstep.self())
  end)
  same(co(), lockstep.self())
  same(
    select(
      2,
      pcall(function()
        lockstep.yield()
        return 5
      end)
    ),
    5
  )
end)

lockstep.scenario("random draws are in range", function()
  for _ = 1, 50 do
    local r = math.random()
    assert(r >= 0 and r < 1)
    assert(math.random(3) >= 1 and math.random(3) <= 3)
    assert(math.random(-2, 2) >= -2 and lockstep.random(-2, 2) <= 2)
  end
  fails("interval is empty", math.random, 2, 1)
  same(math.randomseed, nil)
end)

-- Long texts go another way than short ones, to the same end.
lockstep.scenario("string.format of long texts", function()
  local pad = string.rep("x", 70000)
  local function same(format, ...)
    local args = table.pack(...)
    args[args.n + 1] = pad
    assert(string.format(format .. "%s", table.unpack(args, 1, args.n + 1)) == string.format(format, ...) .. pad)
  end
  same("%d|%5.2f|%-8s|%x|%c|%%|%i", 42, 1.5, "ab", 255, 65, -1)
  same("%q %q %q", 1 / 3, math.mininteger, 'a "b"\\c\n\r\0011\0\200')
  same("%s %s %s %10.3s", true, nil, 12, "abcdef")
  same("%a %g %e", 1.0, 1e300, -0.5)
  same("no conversion")
  local odd = "\1\0019\0\n\\\"\127\200z"
  local long = string.format("%q", pad .. odd)
  assert(long == '"' .. pad .. string.format("%q", odd):sub(2) and load("return " .. long)() == pad .. odd)
  for _, wrong in ipairs({ "%s%d", "%s%", "%s%y", "%s%123d" }) do
    local good, short = pcall(string.format, wrong, "x", wrong == "%s%d" and "y" or 1)
    local good_too, why = pcall(string.format, wrong, pad, wrong == "%s%d" and "y" or 1)
    assert(not good and not good_too and short:gsub("#%d", "") == why:gsub("#%d", ""), why)
  end
  local good, why = pcall(string.format, "%s%s", pad)
  assert(not good and why:find("no value"), why)
end)
