-- Broken repair of bugs/aba_stack.lua: reads the head once more before it swaps: it is node 1 again.
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

-- Slot 1 is the head, slot 1 + n the successor of node n; 0 is none.
local function pop(stack)
  while true do
    local node = atomics.get(stack, 1)
    if node == 0 then
      return nil
    end
    local successor = atomics.get(stack, 1 + node)
    if atomics.get(stack, 1) == node and atomics.compare_exchange(stack, 1, node, successor) == "ok" then
      return node
    end
  end
end

local function push(stack, node)
  repeat
    local head = atomics.get(stack, 1)
    atomics.put(stack, 1 + node, head)
  until atomics.compare_exchange(stack, 1, head, node) == "ok"
end

local function taker(stack, parent)
  lockstep.send(parent, { pop(stack) })
end

local function shuffler(stack, parent)
  local first, second = pop(stack), pop(stack)
  if first then
    push(stack, first)
  end
  lockstep.send(parent, { second })
end

lockstep.scenario("ABA on a lock-free stack", function()
  local stack = atomics.new(4, {})
  for node = 3, 1, -1 do
    push(stack, node)
  end
  lockstep.spawn(taker, stack, lockstep.self())
  lockstep.spawn(shuffler, stack, lockstep.self())
  local owned = {}
  local function own(node)
    assert(not owned[node], "node " .. node .. " has two owners")
    owned[node] = true
  end
  for _ = 1, 2 do
    own(lockstep.recv()[1])
  end
  for node in pop, stack do
    own(node)
  end
end)
