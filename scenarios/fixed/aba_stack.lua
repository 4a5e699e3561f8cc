-- The repair of bugs/aba_stack.lua: the head carries a version that every exchange counts up.
-- Class: ABA
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

-- Slot 1 is the head, node + 16 * version; slot 1 + n the successor of node n; 0 is none.
local function exchange(stack, head, node)
  return atomics.compare_exchange(stack, 1, head, node + 16 * (head // 16 + 1)) == "ok"
end

local function pop(stack)
  while true do
    local head = atomics.get(stack, 1)
    local node = head % 16
    if node == 0 then
      return nil
    end
    if exchange(stack, head, atomics.get(stack, 1 + node)) then
      return node
    end
  end
end

local function push(stack, node)
  repeat
    local head = atomics.get(stack, 1)
    atomics.put(stack, 1 + node, head % 16)
  until exchange(stack, head, node)
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

lockstep.scenario("ABA on a lock-free stack, repaired", function()
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
