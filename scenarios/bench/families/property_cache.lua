-- SpiderMonkey's property cache is switched off by counting up and on again by counting down; the count is a plain variable
-- shared by all threads of a runtime. A lost update leaves it off for good, or below nothing.
local threads = require "lockstep.threads"

-- count(cell, n) adds n to the counter: the bug, or its repair.
return function(users, rounds, count)
  return function()
    local disabled, entries = threads.cell("disabled"), threads.array("entries", users)

    local function use(id)
      for _ = 1, rounds do
        count(disabled, 1)
        entries:set(id, entries:get(id) + 1)
        count(disabled, -1)
      end
    end

    local all = {}
    for id = 1, users do all[id] = threads.create(use, id) end
    for _, thread in ipairs(all) do threads.join(thread) end
    assert(disabled:get() == 0, "the cache is not as it was at first")
  end
end
