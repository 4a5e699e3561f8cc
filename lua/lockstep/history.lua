-- history: what clients asked of an object and what they were told, in real time.
--
-- Recording is no scheduling point, unless start{points = true} asks for it: an invocation counts from the process's next
-- operation on, a completion at once, which are the shortest intervals that any schedule could show (vm/machine/history_log.h). An operation in which its process takes
-- no other step is one.
local lockstep = require "lockstep"
local core = require "lockstep.history_core"
local gen = require "lockstep.gen"

local history = {
  start = core.start,
  invoke = core.invoke,
  ok = core.ok,
  fail = core.fail,
  info = core.info,
  events = core.events,
  is_history = core.is_history,
  null = core.null, -- where nil cannot stand: inside an array
  failed = core.failed, -- returned by op's function: it certainly did not happen
  unknown = core.unknown, -- returned by op's function: nobody knows
}

local function is_op(v) return type(v) == "table" and v.f ~= nil end

-- op(h, f, argument, fn, key?), op(h, {f =, value =, key =}, fn): records an invocation, calls fn(argument, key), and
-- records what became of it: its first result as ok, history.failed as fail, history.unknown or an error as info. Returns
-- what fn returns; nil, "fail" and nil, "info" for the two marks; an error is raised again.
function history.op(h, f, argument, fn, key)
  if is_op(f) then
    f, argument, fn, key = f.f, f.value, argument, f.key
    if type(fn) ~= "function" then gen.misuse("history.op", 3, "a function", fn) end
  elseif type(fn) ~= "function" then
    gen.misuse("history.op", 4, "a function", fn)
  end
  core.invoke(h, f, argument, key)
  local results = table.pack(xpcall(fn, lockstep.exception, argument, key))
  if not results[1] then
    core.info(h, f)
    error(results[2], 0)
  end
  local result = results[2]
  if result == core.failed then
    core.fail(h, f, results[3])
    return nil, "fail"
  elseif result == core.unknown then
    core.info(h, f, results[3])
    return nil, "info"
  end
  core.ok(h, f, result)
  return table.unpack(results, 2, results.n)
end

return history
