-- The repair of bugs/limiter.lua: add first, then look at what came of it.
-- Class: check then act
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

local limit, callers = 2, 4

local function admit(used)
  return atomics.add_get(used, 1, 1) <= limit
end

local function caller(used, parent)
  lockstep.send(parent, admit(used))
end

lockstep.scenario("limiter that checks, then acts, repaired", function()
  local used = atomics.new(1, {})
  for _ = 1, callers do
    lockstep.spawn(caller, used, lockstep.self())
  end
  local admitted = 0
  for _ = 1, callers do
    if lockstep.recv() then
      admitted = admitted + 1
    end
  end
  assert(admitted == limit, admitted .. " admitted, the limit is " .. limit)
end)
