-- What the conformance scenarios share: the notation of the case files in Lua.
local lockstep = require "lockstep"
local helper = {}

-- Same term: integers and floats apart, tables by what is in them.
local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b and math.type(a) == math.type(b) end
  for k, v in pairs(a) do
    if not same(v, b[k]) then return false end
  end
  for k in pairs(b) do
    if a[k] == nil then return false end
  end
  return true
end
helper.same = same

local function show(v)
  if type(v) == "string" then return ("%q"):format(v) end
  if type(v) ~= "table" then return tostring(v) end
  local out, n = {}, #v
  for i = 1, n do out[i] = show(v[i]) end
  for k, x in pairs(v) do
    if math.type(k) ~= "integer" or k < 1 or k > n then out[#out + 1] = tostring(k) .. " = " .. show(x) end
  end
  return "{" .. table.concat(out, ", ") .. "}"
end
helper.show = show

function helper.expect(result, expected)
  if not same(result, expected) then
    error("expected " .. show(expected) .. "\n     got " .. show(result), 2)
  end
end

-- Replaces pids (and other given values) by labels, and stack traces by "#stack".
function helper.label(v, labels)
  if labels and type(v) ~= "table" then
    for name, value in pairs(labels) do
      if value == v then return name end
    end
  end
  if lockstep.is_pid(v) then return "pid" end
  if type(v) ~= "table" then return v end
  local out = {}
  for k, x in pairs(v) do out[k] = helper.label(x, labels) end
  return out
end

-- {reason, stack} of an error: the stack as "#stack", the place in front of a message left out.
local function plain(reason)
  if type(reason) == "string" then return (reason:gsub("^[%w_/.]+%.lua:%d+: ", "")) end
  return reason
end
helper.plain = plain
function helper.unstack(reason)
  if type(reason) == "table" and #reason == 2 and type(reason[2]) == "table" and type(reason[2][1]) == "string"
    and #reason[2] == 1 and reason[2][1]:find("%.lua:%d+") then
    return { plain(reason[1]), "#stack" }
  end
  return reason
end

-- raised(f): its value, or {"raised", class, reason}.
function helper.raised(f, ...)
  local ok, v = xpcall(f, lockstep.exception, ...)
  if ok then return v end
  return { "raised", v.class, plain(v.reason) }
end

-- {ok, V} comes back as V and {error, R} as nil, R: the pair again as one term.
function helper.answer(value, reason)
  if value == nil then return { "error", reason } end
  return value
end

function helper.idle() return lockstep.spawn(function() lockstep.recv_first("stop") end) end

-- A process that runs functions sent to it and answers with the result.
function helper.doer()
  return lockstep.spawn(function()
    while true do
      local m = lockstep.recv_first({ "do", lockstep.any, lockstep.any, lockstep.any })
      lockstep.send(m[2], { m[3], m[4]() })
    end
  end)
end
function helper.within(doer, fn)
  local ref = lockstep.make_ref()
  lockstep.send(doer, { "do", lockstep.self(), ref, fn })
  return lockstep.recv_first({ ref, lockstep.any })[2]
end

function helper.await_down(pid)
  local ref = lockstep.monitor(pid)
  return lockstep.recv_first({ "DOWN", ref, lockstep.any, lockstep.any, lockstep.any })[5]
end
function helper.down(ref) return lockstep.recv_first({ "DOWN", ref, lockstep.any, lockstep.any, lockstep.any })[5] end
function helper.sync(pid) return lockstep.alive(pid) end

function helper.next(timeout) return (lockstep.recv(timeout)) end
function helper.drain()
  local all = {}
  while true do
    local m, late = lockstep.recv(0)
    if m == nil and late == "timeout" then return all end
    all[#all + 1] = m
  end
end

-- Waits until f() holds, letting others run.
function helper.until_(f)
  while not f() do lockstep.sleep(1) end
end

return helper
