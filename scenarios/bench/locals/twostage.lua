-- twostage with every event of SURW's artifact, which counts each access of a variable in memory, also of a parameter, a
-- local, or a pointer to a lock (a program compiled without optimisation keeps them there). Here each such access is a write
-- of one variable, so that it counts for `urw`, and main makes as many between its threads as the original does.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("twostage, locals as operations", function()
  local data1, data2, other = threads.cell("data1"), threads.cell("data2"), threads.cell("other")
  local lock1, lock2 = threads.mutex("lock1"), threads.mutex("lock2")

  local function locals(n)
    for _ = 1, n do other:set(1) end
  end
  local function write()
    locals(2) -- the parameter; lock1
    lock1:lock()
    data1:set(1)
    locals(1)
    lock1:unlock()
    locals(1)
    lock2:lock()
    data2:set(data1:get() + 1)
    locals(1)
    lock2:unlock()
  end
  local function read()
    locals(4) -- the parameter, first, second; lock1
    lock1:lock()
    if data1:get() == 0 then
      locals(1)
      lock1:unlock()
      locals(2) -- what it returns
      return
    end
    local first = data1:get()
    locals(2) -- first; lock1
    lock1:unlock()
    locals(1)
    lock2:lock()
    local second = data2:get()
    locals(2) -- second; lock2
    lock2:unlock()
    locals(2) -- the comparison
    assert(second == first + 1, "the first stage was seen without the second")
    locals(2) -- what it returns
  end

  local writer = threads.create(write)
  locals(10)
  local reader = threads.create(read)
  locals(11)
  threads.join(writer)
  locals(11)
  threads.join(reader)
end)
