-- lockstep.generator: laws of each combinator, and that what is random repeats.
local lockstep = require "lockstep"
local generator = require "lockstep.generator"

local function text(g, n) return table.concat(generator.to_list(n and generator.take(g, n) or g), " ") end

local function same(a, b) assert(a == b, "expected " .. b .. ", got " .. a) end

local function raises(pattern, fn, ...)
  local good, problem = pcall(fn, ...)
  assert(not good and tostring(problem):find(pattern, 1, true), tostring(problem))
end

local abc = { "a", "b", "c" }

lockstep.scenario("sequences", function()
  same(text(generator.once("x")), "x")
  same(text(generator.list(abc)), "a b c")
  same(text(generator.cycle(abc), 7), "a b c a b c a")
  same(text(generator.take(abc, 2)), "a b")
  same(text(generator.take(abc, 0)), "")
  same(text(generator.concat(abc, {}, "x", generator.take(generator.cycle { "y" }, 2))), "a b c x y y")
  same(text(generator.phases(abc, "x")), "a b c x")
  same(text(generator.mix { generator.cycle { 1, 2 }, abc }), "1 a 2 b 1 c 2")
  same(text(generator.map(abc, string.upper)), "A B C")
  same(text(generator.filter({ 1, 2, 3, 4 }, function(n) return n % 2 == 0 end)), "2 4")
  same(text(generator.share({ 1, 2, 3, 4, 5 }, 2, 3)), "2 5")
  same(text(generator.limit(generator.cycle(abc), 4)), "a b c a")
  same(text({ generator.list(abc), generator.take(abc, 1) }), "a b c a")
end)

lockstep.scenario("next changes nothing", function()
  local g = generator.take(generator.cycle(abc), 2)
  local op, rest = generator.next(g)
  same(op, "a")
  same(text(g), "a b")
  same(text(rest), "b")
  local nothing, done = generator.next(generator.take(abc, 0))
  assert(nothing == nil and done == "done")
end)

lockstep.scenario("reduce and each", function()
  same(generator.reduce({ 1, 2, 3 }, 10, function(acc, op) return acc + op end), 16)
  local seen = {}
  same(generator.each(abc, function(op, n) seen[n] = op end), 3)
  same(table.concat(seen), "abc")
end)

-- Of 3,000 draws of weight 1 : 2, 1000 +- 5 sigma (129) are the first: wrong once in 1.7 million seeds, and the seed is fixed.
lockstep.scenario("random and weighted", function()
  same(text(generator.random(abc, 7), 20), text(generator.random(abc, 7), 20))
  assert(text(generator.random(abc, 7), 20) ~= text(generator.random(abc, 8), 20))
  local count = { a = 0, b = 0, c = 0 }
  generator.each(generator.take(generator.weighted({ { "a", 1 }, { "b", 2 }, { "c", 0 } }, 3), 3000), function(op)
    count[op] = count[op] + 1
  end)
  assert(count.c == 0 and math.abs(count.a - 1000) < 129, count.a)
  for i = 1, 3 do
    local first = generator.next(generator.random(abc, i))
    assert(first == "a" or first == "b" or first == "c")
  end
end)

lockstep.scenario("without a seed each process draws from the execution", function()
  local function list() return text(generator.random(abc), 30) end
  assert(list() ~= list())
end)

lockstep.scenario("operations made by functions", function()
  local n = 0
  local g = generator.map(generator.cycle { function() return { f = "write" } end }, function(op)
    n = n + 1
    op.value = n
    return op
  end)
  generator.each(generator.take(g, 3), function(op, i) assert(op.f == "write" and op.value == i) end)
end)

lockstep.scenario("virtual time", function()
  generator.each(generator.delay(abc, 10), function(_, n) assert(lockstep.now() == 10 * n) end)
  local before = lockstep.now()
  generator.each(generator.take(generator.stagger(generator.cycle(abc), 5, 1), 100), function() end)
  local took = lockstep.now() - before
  -- The mean of 100 uniform draws of 0 to 10 is 5 +- 6 sigma (0.32 each); the seed is fixed.
  assert(math.abs(took / 100 - 5) < 1.9, took)
  before = lockstep.now()
  generator.each(generator.time_limit(generator.delay(generator.cycle(abc), 10), 100), function() end)
  assert(lockstep.now() - before == 90, lockstep.now() - before)
end)

lockstep.scenario("workers", function()
  local me = lockstep.self()
  local count = generator.run(2, generator.share({ 1, 2, 3, 4, 5 }, 1, 1), function(op, worker)
    lockstep.send(me, { "got", worker, op })
  end)
  same(count, 5)
  local sum = 0
  for _ = 1, 5 do
    local m = lockstep.recv_first({ "got", lockstep.any, lockstep.any })
    assert(m[3] % 2 == m[2] % 2)
    sum = sum + m[3]
  end
  same(sum, 15)
end)

lockstep.scenario("phases wait for all workers", function()
  local me = lockstep.self()
  generator.run(2, generator.phases({ "early" }, { "late" }), function(op) lockstep.send(me, { "op", op }) end)
  local seen = {}
  for i = 1, 4 do seen[i] = lockstep.recv_first({ "op", lockstep.any })[2] end
  same(table.concat(seen, " "), "early early late late")
end)

lockstep.scenario("without phases they do not", { expect = "assertion" }, function()
  local me = lockstep.self()
  generator.run(2, generator.concat({ "early" }, { "late" }), function(op) lockstep.send(me, { "op", op }) end)
  local seen = {}
  for i = 1, 4 do seen[i] = lockstep.recv_first({ "op", lockstep.any })[2] end
  same(table.concat(seen, " "), "early early late late")
end)

lockstep.scenario("misuse", function()
  raises("bad argument #1 to 'generator.cycle' (a list that is not empty expected", generator.cycle, {})
  raises("bad argument #2 to 'generator.take' (a whole number from 0 expected", generator.take, abc, -1)
  raises("bad argument #2 to 'generator.map' (a function expected", generator.map, abc, 1)
  raises("bad argument #1 to 'generator.weighted' (a list of {operation, whole weight}", generator.weighted, { "a" })
  raises("bad argument #2 to 'generator.share'", generator.share, abc, 4, 3)
  raises("bad argument #1 to 'generator.next' (a generator expected, got nil)", generator.next, nil)
end)
