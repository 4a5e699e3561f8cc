-- reorder_N: setters write a, then b, and each checker wants neither or both. It fails if it runs between the first write
-- to a and the first write to b, by whichever setters.
local threads = require "lockstep.threads"

return function(setters, checkers)
  return function()
    local a, b = threads.cell("a"), threads.cell("b")

    local function set()
      a:set(1)
      b:set(-1)
    end
    local function check()
      assert((a:get() == 0 and b:get() == 0) or (a:get() == 1 and b:get() == -1), "a is set and b is not")
    end

    local all = {}
    for _ = 1, setters do all[#all + 1] = threads.create(set) end
    for _ = 1, checkers do all[#all + 1] = threads.create(check) end
    for _, thread in ipairs(all) do threads.join(thread) end
  end
end
