-- generator: sequences of operations, as values. next(g) gives an operation and the generator of the rest; nothing is
-- changed and nothing is a scheduling point. What is random draws from a seed that is given, or from the execution at the
-- first next, so a replay sees the same operations.
--
-- An operation is any value but nil, usually {f =, value =, key =}; a function stands for what it returns. Where a generator
-- is expected, an array is its elements in order, and anything else is that one operation.
local lockstep = require "lockstep"
local core = require "lockstep.history_core"
local gen = require "lockstep.gen"

local generator = {}
local advance -- advance(g): operation, rest, milliseconds to wait before it; nil: done

local function is_generator(v) return type(v) == "table" and rawget(v, "generator") ~= nil end

local function is_list(v) return type(v) == "table" and v.f == nil and (#v > 0 or next(v) == nil) end

local function list(items, at) return { generator = "list", items = items, at = at } end

local function coerce(v, what, position)
  if v == nil then gen.misuse("generator." .. what, position, "a generator", v) end
  if is_generator(v) then return v end
  if is_list(v) then return list(v, 1) end
  return list({ v }, 1)
end

local function check_number(n, what, position)
  if math.type(n) ~= "integer" or n < 0 then
    gen.misuse("generator." .. what, position, "a whole number from 0", n)
  end
  return n
end

local function check_function(fn, what, position)
  if type(fn) ~= "function" then gen.misuse("generator." .. what, position, "a function", fn) end
  return fn
end

local function check_items(items, what)
  if not is_list(items) or #items == 0 then gen.misuse("generator." .. what, 1, "a list that is not empty", items) end
  return items
end

local function check_seed(seed, what, position)
  if seed ~= nil and math.type(seed) ~= "integer" then gen.misuse("generator." .. what, position, "a whole number", seed) end
  return seed
end

-- SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
local function draw(seed)
  seed = (seed or lockstep.random(0)) + 0x9e3779b97f4a7c15
  local z = seed
  z = (z ~ (z >> 30)) * 0xbf58476d1ce4e5b9
  z = (z ~ (z >> 27)) * 0x94d049bb133111eb
  return (z ~ (z >> 31)) >> 1, seed
end

local function with(g, field, value)
  local copy = {}
  for k, v in pairs(g) do copy[k] = v end
  copy[field] = value
  return copy
end

local function operation(v)
  if type(v) == "function" then return v() end
  return v
end

-- ---- what makes operations ----

-- once(op): that one operation. list(ops): each of them in order.
function generator.once(op)
  if op == nil then gen.misuse("generator.once", 1, "an operation", op) end
  return list({ op }, 1)
end
function generator.list(ops) return list(check_items(ops, "list"), 1) end
-- cycle(ops): all of them in order, again and again.
function generator.cycle(ops) return { generator = "cycle", items = check_items(ops, "cycle"), at = 1 } end
-- random(ops, seed?): one of them each time, for ever.
function generator.random(ops, seed)
  return { generator = "random", items = check_items(ops, "random"), seed = check_seed(seed, "random", 2) }
end
-- weighted({{op, weight} ...}, seed?): the same, each as often as its weight says.
function generator.weighted(pairs_of, seed)
  local items, total = {}, 0
  for i, pair in ipairs(check_items(pairs_of, "weighted")) do
    if type(pair) ~= "table" or pair[1] == nil or math.type(pair[2]) ~= "integer" or pair[2] < 0 then
      gen.misuse("generator.weighted", 1, "a list of {operation, whole weight}", pair)
    end
    total = total + pair[2]
    items[i] = { pair[1], total }
  end
  if total == 0 then gen.misuse("generator.weighted", 1, "a weight above 0", pairs_of) end
  return { generator = "weighted", items = items, total = total, seed = check_seed(seed, "weighted", 2) }
end

-- ---- what changes generators ----

-- mix(gens): one operation of each in turn, until one of them is done.
function generator.mix(gens)
  local items = {}
  for i, g in ipairs(check_items(gens, "mix")) do items[i] = coerce(g, "mix", 1) end
  return { generator = "mix", items = items, at = 1 }
end
function generator.take(g, n) return { generator = "take", inner = coerce(g, "take", 1), left = check_number(n, "take", 2) } end
-- limit(g, n): at most n operations for each process that takes from it.
function generator.limit(g, n)
  return { generator = "limit", inner = coerce(g, "limit", 1), n = check_number(n, "limit", 2), taken = {} }
end
-- share(g, i, n): worker i's part if n workers take turns: operations i, i + n, i + 2n ...
function generator.share(g, i, n)
  check_number(i, "share", 2)
  check_number(n, "share", 3)
  if i < 1 or i > n then gen.misuse("generator.share", 2, "a number from 1 to the third argument", i) end
  return { generator = "share", inner = coerce(g, "share", 1), before = i - 1, n = n }
end
function generator.map(g, fn) return { generator = "map", inner = coerce(g, "map", 1), fn = check_function(fn, "map", 2) } end
function generator.filter(g, fn)
  return { generator = "filter", inner = coerce(g, "filter", 1), fn = check_function(fn, "filter", 2) }
end
-- concat(g1, g2 ...): one after the other.
function generator.concat(...)
  local items = {}
  for i = 1, select("#", ...) do items[i] = coerce((select(i, ...)), "concat", i) end
  return { generator = "concat", items = items, at = 1 }
end
-- phases(g1, g2 ...): as concat, and run() has all workers finish one before any begins the next.
function generator.phases(...)
  local g = generator.concat(...)
  g.phases = true
  return g
end
-- stagger(g, ms, seed?): waits a random time before each operation, ms on average. delay(g, ms): that time exactly.
function generator.stagger(g, ms, seed)
  return {
    generator = "stagger",
    inner = coerce(g, "stagger", 1),
    ms = check_number(ms, "stagger", 2),
    seed = check_seed(seed, "stagger", 3),
  }
end
function generator.delay(g, ms) return { generator = "delay", inner = coerce(g, "delay", 1), ms = check_number(ms, "delay", 2) } end
-- time_limit(g, ms): done when so much virtual time has passed since its first operation.
function generator.time_limit(g, ms)
  return { generator = "time_limit", inner = coerce(g, "time_limit", 1), ms = check_number(ms, "time_limit", 2) }
end

-- ---- next ----

local steps = {}

function steps.list(g)
  local v = g.items[g.at]
  if v == nil then return nil end
  if is_generator(v) then
    local op, rest, wait = advance(v)
    if op == nil then return steps.list(list(g.items, g.at + 1)) end
    return op, generator.concat(rest, list(g.items, g.at + 1)), wait
  end
  return operation(v), list(g.items, g.at + 1)
end

function steps.cycle(g) return operation(g.items[g.at]), with(g, "at", g.at % #g.items + 1) end

function steps.random(g)
  local n, seed = draw(g.seed)
  return operation(g.items[n % #g.items + 1]), with(g, "seed", seed)
end

function steps.weighted(g)
  local n, seed = draw(g.seed)
  n = n % g.total
  for _, item in ipairs(g.items) do
    if n < item[2] then return operation(item[1]), with(g, "seed", seed) end
  end
end

function steps.mix(g)
  local op, rest, wait = advance(g.items[g.at])
  if op == nil then return nil end
  local items = table.move(g.items, 1, #g.items, 1, {})
  items[g.at] = rest
  return op, { generator = "mix", items = items, at = g.at % #items + 1 }, wait
end

function steps.take(g)
  if g.left == 0 then return nil end
  local op, rest, wait = advance(g.inner)
  if op == nil then return nil end
  return op, { generator = "take", inner = rest, left = g.left - 1 }, wait
end

function steps.limit(g)
  local me = lockstep.self()
  local taken = g.taken[me] or 0
  if taken >= g.n then return nil end
  local op, rest, wait = advance(g.inner)
  if op == nil then return nil end
  return op, { generator = "limit", inner = rest, n = g.n, taken = with(g.taken, me, taken + 1) }, wait
end

function steps.share(g)
  local inner, op, wait = g.inner, nil, nil
  for _ = 1, g.before do
    op, inner = advance(inner)
    if op == nil then return nil end
  end
  op, inner, wait = advance(inner)
  if op == nil then return nil end
  return op, { generator = "share", inner = inner, before = g.n - 1, n = g.n }, wait
end

function steps.map(g)
  local op, rest, wait = advance(g.inner)
  if op == nil then return nil end
  return g.fn(op), with(g, "inner", rest), wait
end

function steps.filter(g)
  local inner, total = g.inner, 0
  while true do
    local op, rest, wait = advance(inner)
    if op == nil then return nil end
    total = total + (wait or 0)
    if g.fn(op) then return op, with(g, "inner", rest), total end
    inner = rest
  end
end

function steps.concat(g)
  for at = g.at, #g.items do
    local op, rest, wait = advance(g.items[at])
    if op ~= nil then
      local items = table.move(g.items, at + 1, #g.items, 2, { rest })
      return op, { generator = "concat", items = items, at = 1, phases = g.phases }, wait
    end
  end
end

function steps.stagger(g)
  local op, rest, wait = advance(g.inner)
  if op == nil then return nil end
  local n, seed = draw(g.seed)
  return op, with(with(g, "inner", rest), "seed", seed), (wait or 0) + n % (2 * g.ms + 1)
end

function steps.delay(g)
  local op, rest, wait = advance(g.inner)
  if op == nil then return nil end
  return op, with(g, "inner", rest), (wait or 0) + g.ms
end

function steps.time_limit(g)
  local start = g.start or lockstep.now()
  local op, rest, wait = advance(g.inner)
  if op == nil or lockstep.now() + (wait or 0) - start >= g.ms then return nil end
  return op, with(with(g, "inner", rest), "start", start), wait
end

advance = function(g) return steps[g.generator](g) end

-- next(g): operation, the rest, milliseconds to wait before it (each and reduce do); nil, "done". Operations that shrinking
-- has found not to matter are skipped.
function generator.next(g)
  g = coerce(g, "next", 1)
  local total = 0
  while true do
    local op, rest, wait = advance(g)
    if op == nil then return nil, "done" end
    total = total + (wait or 0)
    if core.wanted() then return op, rest, total end
    g = rest
  end
end

-- reduce(g, acc, fn): fn(acc, op, n) for each operation; the last acc. each(g, fn): fn(op, n); how many there were.
function generator.reduce(g, acc, fn)
  check_function(fn, "reduce", 3)
  g = coerce(g, "reduce", 1)
  local n = 0
  while true do
    local op, rest, wait = generator.next(g)
    if op == nil then return acc end
    if wait > 0 then lockstep.sleep(wait) end
    n = n + 1
    acc = fn(acc, op, n)
    g = rest
  end
end

function generator.each(g, fn)
  check_function(fn, "each", 2)
  return generator.reduce(g, 0, function(count, op, n)
    fn(op, n)
    return count + 1
  end)
end

-- to_list(g): all operations of a finite generator, without waiting.
function generator.to_list(g)
  local all, op = {}, nil
  g = coerce(g, "to_list", 1)
  while true do
    op, g = generator.next(g)
    if op == nil then return all end
    all[#all + 1] = op
  end
end

-- ---- workers ----

local function worker(parent, i, phases, fn, ...)
  local count = 0
  for at, g in ipairs(phases) do
    if at > 1 then lockstep.recv_first({ "generator.phase", parent, at }) end
    local rest = { ... }
    count = count + generator.each(g, function(op) fn(op, i, table.unpack(rest)) end)
    lockstep.send(parent, { "generator.done", lockstep.self(), at, count })
  end
end

-- run(n, g, fn, ...): n linked processes; each takes all of g by itself (give it share or limit to divide one sequence) and
-- calls fn(op, worker, ...). Waits for all; how many operations there were.
function generator.run(n, g, fn, ...)
  check_number(n, "run", 1)
  g = coerce(g, "run", 2)
  check_function(fn, "run", 3)
  local me, pids, count = lockstep.self(), {}, 0
  local phases = g.phases and table.move(g.items, g.at, #g.items, 1, {}) or { g }
  for i = 1, n do
    local own = {}
    for at, phase in ipairs(phases) do
      own[at] = phase.generator == "share" and generator.share(phase.inner, i, n) or phase
    end
    pids[i] = lockstep.spawn_link(worker, me, i, own, fn, ...)
  end
  for at = 1, #phases do
    for i = 1, n do
      local done = lockstep.recv_first({ "generator.done", pids[i], at, lockstep.any })
      if at == #phases then count = count + done[4] end
    end
    for i = 1, at < #phases and n or 0 do lockstep.send(pids[i], { "generator.phase", me, at + 1 }) end
  end
  return count
end

return generator
