-- What the cases share, in the words of their descriptions: idle, doer, sync, await_down, drain, raised.
local lockstep = require "lockstep"

local case = {}

local function show(value)
  if type(value) == "string" then
    return string.format("%q", value)
  end
  if type(value) ~= "table" then
    return tostring(value)
  end
  local parts = {}
  for i, v in ipairs(value) do
    parts[i] = show(v)
  end
  for k, v in pairs(value) do
    if not (math.type(k) == "integer" and k >= 1 and k <= #parts) then
      parts[#parts + 1] = tostring(k) .. " = " .. show(v)
    end
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end
case.show = show

local function equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b and math.type(a) == math.type(b)
  end
  for k, v in pairs(a) do
    if not equal(v, b[k]) then
      return false
    end
  end
  for k in pairs(b) do
    if a[k] == nil then
      return false
    end
  end
  return true
end

function case.same(actual, expected)
  if not equal(actual, expected) then
    error("expected " .. show(expected) .. ", got " .. show(actual), 2)
  end
end

-- Replaces pids and references by the names given for them.
function case.named(value, names)
  if names[value] then
    return names[value]
  end
  if type(value) ~= "table" then
    return value
  end
  local copy = {}
  for k, v in pairs(value) do
    copy[k] = case.named(v, names)
  end
  return copy
end

local function idle()
  lockstep.recv_first("stop")
end
-- Waits for ever; ends normally when told to stop.
function case.idle()
  return lockstep.spawn(idle)
end

local function doer()
  while true do
    local from, tag, job = table.unpack(lockstep.recv_first({ lockstep.any, lockstep.any, lockstep.any }))
    lockstep.send(from, { tag, job() })
  end
end
-- Executes the functions it is sent.
function case.doer()
  return lockstep.spawn(doer)
end
function case.within(pid, job)
  local tag = lockstep.make_ref()
  lockstep.send(pid, { lockstep.self(), tag, job })
  return lockstep.recv_first(function(message)
    return type(message) == "table" and message[1] == tag
  end)[2]
end

-- Returns when all signals that the caller has sent to pid have been handled.
function case.sync(pid)
  lockstep.alive(pid)
end

function case.await_down(pid)
  local ref = lockstep.monitor(pid)
  return lockstep.recv_first({ "DOWN", ref, "process", pid, lockstep.any })[5]
end
function case.down(ref)
  return lockstep.recv_first({ "DOWN", ref, "process", lockstep.any, lockstep.any })[5]
end

function case.dead()
  local pid = lockstep.spawn(function() end)
  case.await_down(pid)
  return pid
end

-- The reason of an uncaught error, without its stack.
function case.without_stack(reason)
  return { reason[1], "#stack" }
end

function case.next(timeout)
  local message = lockstep.recv(timeout)
  if message == nil then
    return "none"
  end
  return message
end

function case.drain()
  local messages = {}
  while true do
    local message, why = lockstep.recv(0)
    if message == nil and why == "timeout" then
      return messages
    end
    messages[#messages + 1] = message
  end
end

function case.raised(f, ...)
  local ok, problem = pcall(f, ...)
  if ok then
    return "nothing raised"
  end
  if type(problem) == "table" then
    return { "raised", problem.class, problem.reason }
  end
  return { "raised", "error", problem }
end

case.badarg = { "raised", "error", "badarg" }

return case
