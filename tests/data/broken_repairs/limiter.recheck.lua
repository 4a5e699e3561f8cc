-- Broken repair of bugs/limiter.lua: checks once more before it adds, and adds what nobody checks.
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"

local limit, callers = 2, 4

local function admit(used)
  if atomics.get(used, 1) >= limit then
    return false
  end
  if atomics.get(used, 1) >= limit then
    return false
  end
  atomics.add(used, 1, 1)
  return true
end

local function caller(used, parent)
  lockstep.send(parent, admit(used))
end

lockstep.scenario("limiter that checks, then acts", function()
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
