-- What the conformance cases share: the notation of beam-semantics.md §0, in Lua.
local lockstep = require "lockstep"

local support = {}

local function show(v)
  if type(v) ~= "table" then
    return type(v) == "string" and string.format("%q", v) or tostring(v)
  end
  local parts = {}
  for i = 1, #v do
    parts[i] = show(v[i])
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end
support.show = show

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b and math.type(a) == math.type(b)
  end
  if #a ~= #b then
    return false
  end
  for i = 1, #a do
    if not same(a[i], b[i]) then
      return false
    end
  end
  return true
end
support.same = same

function support.expect(expected, got)
  if not same(expected, got) then
    error("expected " .. show(expected) .. ", got " .. show(got), 2)
  end
end

-- The value, or {"raised", class, reason}. What OTP returns as `undefined` is nil here, and a list cannot hold that.
function support.raised(f, ...)
  local good, value = pcall(f, ...)
  if good then
    if value == nil then
      return "undefined"
    end
    return value
  end
  if type(value) == "table" and value.class then
    return { "raised", value.class, value.reason }
  end
  return { "raised", "error", tostring(value) }
end
support.badarg = { "raised", "error", "badarg" }

function support.defined(value)
  if value == nil then
    return "undefined"
  end
  return value
end

-- Waits until the process is dead; its exit reason.
function support.await_down(pid)
  local ref = lockstep.monitor(pid)
  return lockstep.recv_first({ "DOWN", ref, "process", lockstep.any, lockstep.any })[5]
end

-- A process that blocks until it is told to stop.
function support.idle()
  return lockstep.spawn(function()
    lockstep.recv_first("stop")
  end)
end

local function serve()
  while true do
    local m = lockstep.recv()
    if m == "stop" then
      return
    elseif m[1] == "ask" then
      lockstep.send(m[2], { m[3], support.raised(m[4]) })
    else
      m[2]()
    end
  end
end

-- A process that runs functions on request.
function support.doer()
  return lockstep.spawn(serve)
end

function support.ask(doer, f)
  local ref = lockstep.make_ref()
  lockstep.send(doer, { "ask", lockstep.self(), ref, f })
  return lockstep.recv_first({ ref, lockstep.any })[2]
end

function support.act(doer, f)
  lockstep.send(doer, { "act", f })
end

-- A program with several outcomes: one scenario that no other comes out, and for each outcome one that must fail, since it
-- denies that this one does.
function support.nondet(id, outcomes, body)
  lockstep.scenario(id, function()
    local got = body()
    for i = 1, #outcomes do
      if same(outcomes[i], got) then
        return
      end
    end
    error("outside the set: " .. show(got))
  end)
  for i = 1, #outcomes do
    local outcome = outcomes[i]
    lockstep.scenario(id .. " reaches " .. show(outcome), { expect = "assertion" }, function()
      local got = body()
      assert(not same(outcome, got), "reached")
    end)
  end
end

return support
