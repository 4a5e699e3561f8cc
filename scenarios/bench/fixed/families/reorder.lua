-- The repair of reorder_N: one mutex for the two writes, and for the check.
local threads = require "lockstep.threads"

return function(setters, checkers)
  return function()
    local a, b, m = threads.cell("a"), threads.cell("b"), threads.mutex("m")

    local function set()
      m:lock()
      a:set(1)
      b:set(-1)
      m:unlock()
    end
    local function check()
      m:lock()
      assert((a:get() == 0 and b:get() == 0) or (a:get() == 1 and b:get() == -1), "a is set and b is not")
      m:unlock()
    end

    local all = {}
    for _ = 1, setters do all[#all + 1] = threads.create(set) end
    for _ = 1, checkers do all[#all + 1] = threads.create(check) end
    for _, thread in ipairs(all) do threads.join(thread) end
  end
end
