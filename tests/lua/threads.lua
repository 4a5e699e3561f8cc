-- The threads of lockstep.threads: what each lock promises, and what is an error.
local lockstep = require "lockstep"
local threads = require "lockstep.threads"

local function all(n, fn)
  local list = {}
  for i = 1, n do list[i] = threads.create(fn, i) end
  for i = 1, n do threads.join(list[i]) end
end
local function fails(pattern, f, ...)
  local good, e = pcall(f, ...)
  assert(not good, "no error")
  local text = type(e) == "table" and tostring(e.reason) or e
  assert(string.find(text, pattern), text)
end

threads.program("a mutex excludes", function()
  local n, m = threads.cell("n"), threads.mutex("m")
  all(3, function()
    m:lock()
    n:set(n:get() + 1)
    m:unlock()
  end)
  assert(n:get() == 3)
end)

threads.program("without it an update is lost", { expect = "assertion" }, function()
  local n = threads.cell("n")
  all(2, function() n:set(n:get() + 1) end)
  assert(n:get() == 2)
end)

-- Both values of try_lock come about, and at most one thread is inside.
local function try()
  local inside, m = threads.cell("inside"), threads.try_mutex("m")
  local refused = threads.cell("refused")
  all(2, function()
    if not m:try_lock() then
      refused:add(1)
      return
    end
    assert(inside:add(1) == 1, "two inside")
    inside:add(-1)
    m:unlock()
  end)
  assert(m:try_lock(), "free again")
  return refused:get()
end
threads.program("try_lock", function() assert(try() <= 1) end)
threads.program("try_lock refuses", { expect = "assertion" }, function() assert(try() == 0) end)
threads.program("try_lock succeeds", { expect = "assertion" }, function() assert(try() == 1) end)

threads.program("a mutex is not recursive", { expect = "deadlock" }, function()
  local m = threads.mutex("m")
  m:lock()
  m:lock()
end)

threads.program("unlock of a free mutex", function()
  fails("nobody holds", function() threads.mutex("m"):unlock() end)
  fails("nobody holds", function() threads.try_mutex("m"):unlock() end)
end)

threads.program("a mutex that can be tried excludes", function()
  local n, m = threads.cell("n"), threads.try_mutex("m")
  all(3, function()
    m:lock()
    n:set(n:get() + 1)
    m:unlock()
  end)
  assert(n:get() == 3)
end)

-- A lock is taken by whoever waits, in any order, and the end of one who waits leaves it free for the others.
threads.program("the last to come may be the first to enter", { expect = "assertion" }, function()
  local first, m = threads.cell("first"), threads.mutex("m")
  m:lock()
  local list = {}
  for i = 1, 3 do
    list[i] = threads.create(function()
      m:lock()
      first:cas(0, i)
      m:unlock()
    end)
  end
  m:unlock()
  for i = 1, 3 do threads.join(list[i]) end
  assert(first:get() ~= 3)
end)

threads.program("who waits can be killed", function()
  local entered, m = threads.cell("entered"), threads.mutex("m")
  m:lock()
  local doomed = threads.create(function()
    m:lock()
    m:unlock()
  end)
  local other = threads.create(function()
    m:lock()
    entered:set(1)
    m:unlock()
  end)
  local ref = lockstep.monitor(doomed.pid)
  lockstep.exit(doomed.pid, "kill")
  lockstep.recv_first({ "DOWN", ref, "process", doomed.pid, lockstep.any })
  m:unlock()
  threads.join(other)
  assert(entered:get() == 1)
end)

threads.program("two locks in opposite order", { expect = "deadlock" }, function()
  local a, b = threads.mutex("a"), threads.mutex("b")
  all(2, function(i)
    local first, second = a, b
    if i == 2 then first, second = b, a end
    first:lock()
    second:lock()
    second:unlock()
    first:unlock()
  end)
end)

threads.program("a semaphore counts", function()
  local inside, s = threads.cell("inside"), threads.semaphore("s", 2)
  all(3, function()
    s:wait()
    assert(inside:add(1) <= 2, "three inside")
    inside:add(-1)
    s:post()
  end)
end)

threads.program("a condition wakes who waits", function()
  local ready, m, c = threads.cell("ready"), threads.mutex("m"), threads.condition("c")
  local waiter = threads.create(function()
    m:lock()
    while ready:get() == 0 do c:wait(m) end
    m:unlock()
  end)
  m:lock()
  ready:set(1)
  c:signal()
  m:unlock()
  threads.join(waiter)
end)

threads.program("a signal that nobody waits for is lost", { expect = "deadlock" }, function()
  local m, c = threads.mutex("m"), threads.condition("c")
  local waiter = threads.create(function()
    m:lock()
    c:wait(m)
    m:unlock()
  end)
  c:signal()
  threads.join(waiter)
end)

threads.program("a signal wakes one", { expect = "deadlock" }, function()
  local waiting, m, c = threads.cell("waiting"), threads.mutex("m"), threads.condition("c")
  local function wait()
    m:lock()
    if waiting:add(1) == 2 then c:signal() end
    c:wait(m)
    m:unlock()
  end
  all(2, wait)
end)

threads.program("a broadcast wakes all", function()
  local waiting, m, c = threads.cell("waiting"), threads.mutex("m"), threads.condition("c")
  all(3, function()
    m:lock()
    if waiting:add(1) == 3 then
      c:broadcast()
    else
      c:wait(m)
    end
    m:unlock()
  end)
end)

threads.program("nobody passes a barrier early, twice", function()
  local arrived, b = threads.cell("arrived"), threads.barrier("b", 2)
  all(2, function()
    arrived:add(1)
    b:wait()
    assert(arrived:get() >= 2, "the first round was not complete")
    arrived:add(1)
    b:wait()
    assert(arrived:get() == 4, "the second round was not complete")
  end)
end)

threads.program("an error in a thread fails all", { expect = "crash" }, function()
  local never = threads.semaphore("never")
  threads.create(function() error("stop") end)
  never:wait()
end)

local function variables()
  local c, a = threads.cell("c", 5), threads.array("a", 3, function(i) return i * i end)
  assert(c:get() == 5 and c:add(2) == 7 and c:exchange(1) == 7 and c:get() == 1)
  assert(c:cas(1, 4) and not c:cas(1, 9) and c:get() == 4)
  assert(a:get(3) == 9 and a:add(3, 1) == 10 and a:exchange(2, 0) == 4 and a:get(2) == 0)
  assert(a:cas(1, 1, -1) and not a:cas(1, 1, 0) and a:get(1) == -1)
  a:set(1, 8)
  assert(a:get(1) == 8 and a:get(2) == 0)
  fails("index 0 of a, which has 3 elements", a.get, a, 0)
  fails("index 4 of a", a.set, a, 4, 1)
  fails("index 1.5 of a", a.add, a, 1.5, 1)
end
threads.program("variables", variables)

threads.program("memory", function()
  local heap = threads.heap("block", 2)
  heap:use(1)
  heap:free(1)
  heap:free(0)
  heap:use(2)
  fails("used after it was freed", heap.use, heap, 1)
  fails("freed twice", heap.free, heap, 1)
  fails("NULL dereferenced", heap.use, heap, 0)
end)

fails('"atomics" or "ets" expected', threads.use, "disk")
threads.use "ets"
threads.program("variables", variables)
threads.program("an update is lost", { expect = "assertion" }, function()
  local n = threads.cell("n")
  all(2, function() n:set(n:get() + 1) end)
  assert(n:get() == 2)
end)
threads.use "atomics"

threads.program("a lock is named by text", function()
  fails("bad argument #1.*a name expected", threads.mutex)
  fails("bad argument #2.*a number from 0", threads.semaphore, "s", -1)
end)
