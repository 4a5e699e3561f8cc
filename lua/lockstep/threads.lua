-- threads: threads, shared variables and locks, for scenarios that port a program from C and its like.
-- Each read and each write of a variable is one operation, and so is each call on a lock that need not wait.
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"
local ets = require "lockstep.ets"
local core = require "lockstep.threads_core"

local threads = {}

-- Where variables live; chosen while files load.
local memory = "atomics"

function threads.use(kind)
  if kind ~= "atomics" and kind ~= "ets" then
    error('threads.use: "atomics" or "ets" expected, got ' .. tostring(kind), 2)
  end
  memory = kind -- lint: allow file-level-write (called while files load)
end

function threads.program(name, options, body)
  if not body then options, body = {}, options end
  local all = { crashes = "abort" }
  for key, value in pairs(options) do all[key] = value end
  lockstep.scenario(memory == "ets" and name .. "_ets" or name, all, body)
end

-- Tables belong to the root: what a thread made would go with it.
local function root_table(key)
  local table = lockstep.get(key)
  if not table then
    table = ets.new(key, { "public" })
    lockstep.put(key, table)
  end
  return table
end

-- ---- threads ----

-- A thread's end is a lock that it gives and whoever joins takes: monitors would all write to one mailbox, and the
-- order of ends that nobody tells apart would count.
function threads.create(fn, ...)
  local ended = core.new("thread", 0)
  local pid = lockstep.spawn(function(...)
    fn(...)
    core.give(ended)
  end, ...)
  return { pid = pid, ended = ended }
end

function threads.join(thread) core.take(thread.ended) end

-- ---- variables ----

local function index_of(array, i)
  if math.type(i) ~= "integer" or i < 1 or i > array.size then
    lockstep.error(("index %s of %s, which has %d elements"):format(tostring(i), array.name, array.size))
  end
  return i
end

local Cell, Array, EtsCell, EtsArray = {}, {}, {}, {}
for _, class in ipairs { Cell, Array, EtsCell, EtsArray } do class.__index = class end

function Cell:get() return (atomics.get(self.ref, 1)) end
function Cell:set(value) atomics.put(self.ref, 1, value) end
function Cell:add(n) return (atomics.add_get(self.ref, 1, n)) end
function Cell:exchange(value) return (atomics.exchange(self.ref, 1, value)) end
function Cell:cas(old, new) return atomics.compare_exchange(self.ref, 1, old, new) == "ok" end

function Array:get(i) return (atomics.get(self.ref, index_of(self, i))) end
function Array:set(i, value) atomics.put(self.ref, index_of(self, i), value) end
function Array:add(i, n) return (atomics.add_get(self.ref, index_of(self, i), n)) end
function Array:exchange(i, value) return (atomics.exchange(self.ref, index_of(self, i), value)) end
function Array:cas(i, old, new) return atomics.compare_exchange(self.ref, index_of(self, i), old, new) == "ok" end

local function ets_exchange(table, key, value)
  return ets.update_counter(table, key, { { 2, 0 }, { 2, 0, math.mininteger, value } })[1]
end
local function ets_cas(table, key, old, new)
  return ets.select_replace(table, { { { key, old }, {}, { { { "const", key }, new } } } }) == 1
end

function EtsCell:get() return (ets.lookup_element(self.ref, self.name, 2)) end
function EtsCell:set(value) ets.insert(self.ref, { self.name, value }) end
function EtsCell:add(n) return (ets.update_counter(self.ref, self.name, n)) end
function EtsCell:exchange(value) return (ets_exchange(self.ref, self.name, value)) end
function EtsCell:cas(old, new) return ets_cas(self.ref, self.name, old, new) end

local function key_of(array, i) return array.name .. index_of(array, i) end
function EtsArray:get(i) return (ets.lookup_element(self.ref, key_of(self, i), 2)) end
function EtsArray:set(i, value) ets.insert(self.ref, { key_of(self, i), value }) end
function EtsArray:add(i, n) return (ets.update_counter(self.ref, key_of(self, i), n)) end
function EtsArray:exchange(i, value) return (ets_exchange(self.ref, key_of(self, i), value)) end
function EtsArray:cas(i, old, new) return ets_cas(self.ref, key_of(self, i), old, new) end

function threads.cell(name, value)
  value = value or 0
  if memory == "ets" then
    local table = root_table("memory")
    ets.insert(table, { name, value })
    return setmetatable({ ref = table, name = name }, EtsCell)
  end
  local ref = atomics.new(1, {})
  if value ~= 0 then atomics.put(ref, 1, value) end
  return setmetatable({ ref = ref, name = name }, Cell)
end

-- value: a number, or a function from index to number.
function threads.array(name, size, value)
  local function at(i) return type(value) == "function" and value(i) or value or 0 end
  if memory == "ets" then
    local table, rows = root_table("memory"), {}
    for i = 1, size do rows[i] = { name .. i, at(i) } end
    ets.insert(table, rows)
    return setmetatable({ ref = table, name = name, size = size }, EtsArray)
  end
  local ref = atomics.new(size, {})
  for i = 1, size do
    if at(i) ~= 0 then atomics.put(ref, i, at(i)) end
  end
  return setmetatable({ ref = ref, name = name, size = size }, Array)
end

-- Blocks of allocated memory, by number; a block's word is 1 when it has been freed. Block 0 is NULL.
local Heap = {}
Heap.__index = Heap
local function check_pointer(heap, block)
  if block == 0 then lockstep.error("NULL dereferenced as " .. heap.words.name) end
end
function Heap:use(block)
  check_pointer(self, block)
  if self.words:get(block) ~= 0 then lockstep.error(("%s[%d] used after it was freed"):format(self.words.name, block)) end
end
function Heap:free(block)
  if block == 0 then return end
  if self.words:exchange(block, 1) ~= 0 then lockstep.error(("%s[%d] freed twice"):format(self.words.name, block)) end
end
function threads.heap(name, blocks) return setmetatable({ words = threads.array(name, blocks) }, Heap) end

-- ---- locks ----
-- Taking one is possible only while it is free, and then one operation (vm/tables/locks.cpp).

local Semaphore = {}
Semaphore.__index = Semaphore
function threads.semaphore(name, n) return setmetatable({ lock = core.new(name, n or 0) }, Semaphore) end
function Semaphore:wait() core.take(self.lock) end
function Semaphore:post() core.give(self.lock) end

local Mutex = {}
Mutex.__index = Mutex
function threads.mutex(name) return setmetatable({ name = name, taken = core.new(name, 1) }, Mutex) end
function Mutex:lock() core.take(self.taken) end
function Mutex:unlock()
  if core.give(self.taken, true) > 1 then lockstep.error("unlock of mutex " .. self.name .. ", which nobody holds") end
end

-- ---- waiting ----
-- A word counts the tickets that were taken (high half) and those that were called (low half), so that one operation
-- decides who goes and who waits. Whoever comes second to a ticket's row, its holder or its caller, finds the other.

local TICKET <const> = 1 << 32
local function taken(word) return word >> 32 end
local function called(object, word) return object.free + (word & (TICKET - 1)) end

local function await(object, ticket)
  local key = { object.name, ticket }
  if ets.insert_new(object.parked, { key, lockstep.self() }) then
    lockstep.recv_first({ "called", object.name, ticket })
  end
end

local function call(object, ticket)
  local key = { object.name, ticket }
  if not ets.insert_new(object.parked, { key, "called" }) then
    lockstep.send(ets.lookup_element(object.parked, key, 2), { "called", object.name, ticket })
  end
end

-- free: tickets that need not wait at first.
local function new(class, name, free, fields)
  local object = fields or {}
  object.name, object.free = name, free
  object.parked, object.word = root_table("parked"), atomics.new(1, {})
  return setmetatable(object, class)
end

local function take(object)
  local word = atomics.add_get(object.word, 1, TICKET)
  if taken(word) > called(object, word) then await(object, taken(word)) end
end

local function give(object)
  local word = atomics.add_get(object.word, 1, 1)
  if called(object, word) <= taken(word) then call(object, called(object, word)) end
  return word
end

local function try_take(object)
  local word = atomics.get(object.word, 1)
  while taken(word) < called(object, word) do
    local seen = atomics.compare_exchange(object.word, 1, word, word + TICKET)
    if seen == "ok" then return true end
    word = seen
  end
  return false
end

-- A mutex that can be tried. Whether a try succeeds depends on the order of tries, takes and releases, so here each is an
-- operation like any other, and who must wait does so by a ticket.
local TryMutex = {}
TryMutex.__index = TryMutex
function threads.try_mutex(name) return new(TryMutex, name, 1) end
function TryMutex:lock() take(self) end
function TryMutex:try_lock() return try_take(self) end
function TryMutex:unlock()
  local word = give(self)
  if called(self, word) > taken(word) + 1 then lockstep.error("unlock of mutex " .. self.name .. ", which nobody holds") end
end

local Condition = {}
Condition.__index = Condition
function threads.condition(name) return new(Condition, name, 0) end
function Condition:wait(mutex)
  local ticket = taken(atomics.add_get(self.word, 1, TICKET))
  mutex:unlock()
  await(self, ticket)
  mutex:lock()
end

-- Calls the ticket that has waited longest, or all.
local function wake(condition, all)
  local word = atomics.get(condition.word, 1)
  while taken(word) > called(condition, word) do
    local first = called(condition, word) + 1
    local last = all and taken(word) or first
    local seen = atomics.compare_exchange(condition.word, 1, word, word + last - first + 1)
    if seen == "ok" then
      for ticket = first, last do call(condition, ticket) end
      return
    end
    word = seen
  end
end
function Condition:signal() wake(self, false) end
function Condition:broadcast() wake(self, true) end

local Barrier = {}
Barrier.__index = Barrier
function threads.barrier(name, n) return new(Barrier, name, 0, { n = n }) end
function Barrier:wait()
  local arrival = atomics.add_get(self.word, 1, 1)
  if arrival % self.n ~= 0 then return await(self, arrival) end
  for other = arrival - self.n + 1, arrival - 1 do call(self, other) end
end

return threads
