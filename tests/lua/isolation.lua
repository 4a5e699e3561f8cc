-- Processes share nothing: in each case a write by one process is not seen by another.
local lockstep = require "lockstep"

local function both(writer, reader)
  local main = lockstep.self()
  lockstep.spawn(function()
    writer()
    lockstep.send(main, { "writer", true })
  end)
  lockstep.spawn(function()
    lockstep.send(main, { "reader", reader() })
  end)
  lockstep.recv_first({ "writer", lockstep.any })
  return lockstep.recv_first({ "reader", lockstep.any })[2]
end

lockstep.scenario("captured local", function()
  local n = 1
  local seen = both(function()
    n = 2
  end, function()
    lockstep.yield()
    return n
  end)
  assert(seen == 1 and n == 1)
end)

lockstep.scenario("captured table", function()
  local t = { n = 1, inner = { n = 1 } }
  local seen = both(function()
    t.n, t.inner.n, t.new = 2, 2, 2
  end, function()
    lockstep.yield()
    return { t.n, t.inner.n, t.new }
  end)
  assert(seen[1] == 1 and seen[2] == 1 and seen[3] == nil)
  assert(t.n == 1 and t.inner.n == 1 and t.new == nil)
end)

-- Whatever order the table has them in.
lockstep.scenario("variables that functions of a table share", function()
  local first, second = 0, 0
  local t = {}
  for _, name in ipairs { "zebra", "ape", "mole", "bee", "yak", "cow" } do
    t[name] = {
      get = function() return first, second end,
      add = function()
        first, second = first + 1, second + 10
      end,
    }
  end
  local main = lockstep.self()
  lockstep.spawn(function()
    t.zebra.add()
    t.ape.add()
    for _, one in pairs(t) do
      local a, b = one.get()
      assert(a == 2 and b == 20, a .. ", " .. b)
    end
    lockstep.send(main, "done")
  end)
  lockstep.recv()
  assert(first == 0 and second == 0)
end)

lockstep.scenario("variables of functions that are keys", function()
  local t = {}
  for i, name in ipairs { "zebra", "ape", "mole", "bee", "yak", "cow" } do
    local n = i
    local function add()
      n = n + 10
    end
    t[name] = { add = add, get = function() return n end }
    t[add] = name
  end
  local main = lockstep.self()
  lockstep.send(main, t)
  local copy = lockstep.recv()
  for i, name in ipairs { "zebra", "ape", "mole", "bee", "yak", "cow" } do
    copy[name].add()
    assert(copy[name].get() == i + 10 and t[name].get() == i)
  end
end)

lockstep.scenario("variable of a nested closure", function()
  local function counter()
    local n = 0
    return function()
      n = n + 1
      return n
    end
  end
  local count = counter()
  local seen = both(function()
    count()
    count()
  end, function()
    lockstep.yield()
    return count()
  end)
  assert(seen == 1 and count() == 1)
end)

lockstep.scenario("two processes from one closure", function()
  local main = lockstep.self()
  local n = 0
  local function add()
    n = n + 1
    lockstep.yield()
    n = n + 1
    lockstep.send(main, n)
  end
  lockstep.spawn(add)
  lockstep.spawn(add)
  assert(lockstep.recv() == 2 and lockstep.recv() == 2 and n == 0)
end)

-- Within one process, closures share their variables as ever.
lockstep.scenario("closures sent together share a variable", function()
  local main = lockstep.self()
  local n = 0
  local function add()
    n = n + 1
  end
  local function read()
    return n
  end
  lockstep.spawn(function()
    add()
    add()
    lockstep.send(main, read())
  end)
  assert(lockstep.recv() == 2 and read() == 0)
end)

lockstep.scenario("message", function()
  local t = { { 1 } }
  local pid = lockstep.spawn(function()
    local from, received = table.unpack(lockstep.recv())
    received[1][1] = 2
    lockstep.send(from, received[1][1])
  end)
  lockstep.send(pid, { lockstep.self(), t })
  assert(lockstep.recv() == 2 and t[1][1] == 1)
end)

lockstep.scenario("message to oneself", function()
  local t = { 1 }
  lockstep.send(lockstep.self(), t)
  t[1] = 2
  assert(lockstep.recv()[1] == 1)
end)

lockstep.scenario("spawn argument", function()
  local t = { 1 }
  local function worker(from, received)
    lockstep.yield()
    lockstep.send(from, received[1])
    received[1] = 3
  end
  lockstep.spawn(worker, lockstep.self(), t)
  t[1] = 2
  assert(lockstep.recv() == 1 and t[1] == 2)
end)

lockstep.scenario("function in a message", function()
  local n = 0
  local function add()
    n = n + 1
    return n
  end
  lockstep.send(lockstep.self(), add)
  assert(add() == 1 and add() == 2)
  local copy = lockstep.recv()
  assert(copy() == 1 and n == 2)
end)

lockstep.scenario("exit reason", function()
  local main = lockstep.self()
  lockstep.flag("trap_exit", true)
  lockstep.spawn_link(function()
    local t = { 1 }
    lockstep.exit(main, t)
    t[1] = 2
    lockstep.recv_first("never")
  end)
  assert(lockstep.recv()[3][1] == 1)
end)

lockstep.scenario("process dictionary", function()
  local main = lockstep.self()
  lockstep.put("k", 1)
  lockstep.spawn(function()
    local before = lockstep.get("k")
    lockstep.put("k", 2)
    lockstep.send(main, before == nil)
  end)
  assert(lockstep.recv() == true and lockstep.get("k") == 1)
end)

local base = { __index = { double = function(self) return 2 * self.n end } }
lockstep.scenario("an object keeps its class", function()
  local main = lockstep.self()
  local object = setmetatable({ n = 1 }, base)
  lockstep.spawn(function()
    object.n = 5
    lockstep.send(main, object)
  end)
  local received = lockstep.recv()
  assert(received:double() == 10 and object:double() == 2)
end)

-- So many new strings that the interpreter's table of strings grows: the next execution must find it as it was loaded.
lockstep.scenario("many strings", function()
  local last
  for i = 1, 600 do last = "key " .. i end
  assert(last == "key 600" and tostring(12) == "12")
end)

-- The code outlives whoever loaded it.
lockstep.scenario("functions of loaded text", function()
  lockstep.send(lockstep.self(), load("local a = ... return function() return a .. ' from a text' end")("hello"))
  for _ = 1, 60 do
    local garbage = {}
    for i = 1, 20000 do garbage[i] = { i } end
    assert(#garbage == 20000)
  end
  local kept = {}
  for i = 1, 2000 do kept[i] = load("return 'another " .. i .. "', function() return " .. i .. " end") end
  assert(lockstep.recv()() == "hello from a text" and #kept == 2000)
end)

-- The length of an array with holes is what Lua guesses: nobody who looks at it moves the guess of others.
local holes = { 1, 2, 3, 4, 5, 6, 7, 8, 9, nil, 11, nil, nil, nil, nil, nil }
local at_file_level = #holes
lockstep.scenario("length of an array with holes", function()
  local alone = #holes
  local seen = both(function()
    assert(holes[11] == 11)
  end, function()
    lockstep.yield()
    return #holes
  end)
  assert(seen == alone and #holes == alone and at_file_level > 0)
end)
