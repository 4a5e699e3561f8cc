-- twostage_N: a writer sets data1 under one lock and, later, data2 = data1 + 1 under another. A reader that finds data1 set
-- reads data2 next, which may be before the writer got there.
local threads = require "lockstep.threads"

return function(writers, readers)
  return function()
    local data1, data2 = threads.cell("data1"), threads.cell("data2")
    local lock1, lock2 = threads.mutex("lock1"), threads.mutex("lock2")

    local function write()
      lock1:lock()
      data1:set(1)
      lock1:unlock()
      lock2:lock()
      data2:set(data1:get() + 1)
      lock2:unlock()
    end
    local function read()
      lock1:lock()
      if data1:get() == 0 then
        lock1:unlock()
        return
      end
      local first = data1:get()
      lock1:unlock()
      lock2:lock()
      local second = data2:get()
      lock2:unlock()
      assert(second == first + 1, "the first stage was seen without the second")
    end

    local all = {}
    for _ = 1, writers do all[#all + 1] = threads.create(write) end
    for _ = 1, readers do all[#all + 1] = threads.create(read) end
    for _, thread in ipairs(all) do threads.join(thread) end
  end
end
