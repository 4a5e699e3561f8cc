-- The repair of SafeStack: a mutex around pop and push.
local lockstep = require "lockstep"
local threads = require "lockstep.threads"

local ELEMENTS <const>, ROUNDS <const>, NONE <const> = 3, 2, -1

threads.program("SafeStack, repaired", function()
  local head, m = threads.cell("head"), threads.mutex("m")
  local next = threads.array("next", ELEMENTS, function(i) return i < ELEMENTS and i or NONE end)
  local value = threads.array("value", ELEMENTS, NONE)

  local function pop()
    m:lock()
    local first = head:get()
    if first ~= NONE then head:set(next:get(first + 1)) end
    m:unlock()
    return first
  end
  local function push(element)
    m:lock()
    next:set(element + 1, head:get())
    head:set(element)
    m:unlock()
  end
  local function worker(id)
    for _ = 1, ROUNDS do
      local element = pop()
      while element < 0 do
        lockstep.sleep(1)
        element = pop()
      end
      value:set(element + 1, id)
      assert(value:get(element + 1) == id, "two threads own one element")
      push(element)
    end
  end

  local all = {}
  for id = 1, 3 do all[id] = threads.create(worker, id) end
  for _, thread in ipairs(all) do threads.join(thread) end
end)
