-- micro_N: threads of a hundred unprotected increments each, which lose updates but keep the variable positive. No bug.
local threads = require "lockstep.threads"

return function(n)
  return function()
    local x = threads.cell("x")
    local function increments()
      for _ = 1, 100 do x:set(x:get() + 1) end
      assert(x:get() > 0, "not positive")
    end
    local all = {}
    for i = 1, n do all[i] = threads.create(increments) end
    for _, thread in ipairs(all) do threads.join(thread) end
  end
end
