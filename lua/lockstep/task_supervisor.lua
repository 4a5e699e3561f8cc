-- task_supervisor: tasks as children of a dynamic supervisor, temporary unless asked otherwise.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local dynamic_supervisor = require "lockstep.dynamic_supervisor"
local task = require "lockstep.task"

local task_supervisor = {}

local OPTIONS = { name = false, max_restarts = 3, max_seconds = 5, max_children = "infinity" }
function task_supervisor.start_link(options)
  return dynamic_supervisor.start_link(gen.options(options, OPTIONS, "start_link", 1))
end
function task_supervisor.child_spec(options)
  return { id = options and options.name or "task_supervisor", start = { task_supervisor, "start_link", { options } },
    type = "supervisor" }
end

local CHILD = { restart = "temporary", shutdown = 5000 }

-- start_child(sup, fn, {restart, shutdown}): for its effects. The pid, or nil and "max_children".
function task_supervisor.start_child(sup, fn, options)
  if type(fn) ~= "function" then gen.misuse("start_child", 2, "a function", fn) end
  options = gen.options(options, CHILD, "start_child", 3)
  return dynamic_supervisor.start_child(sup, { id = "task", start = { lockstep.spawn_link, { fn } },
    restart = options.restart or "temporary", shutdown = options.shutdown or 5000 })
end

local function async(sup, link, shutdown, fn, ...)
  local pid, why = dynamic_supervisor.start_child(sup, { id = "task",
    start = { lockstep.spawn_link, { task.reply, lockstep.self(), true, fn, ... } }, restart = "temporary",
    shutdown = shutdown })
  if not pid then
    if why == "max_children" then
      lockstep.error({ "RuntimeError", "reached the maximum number of tasks for this task supervisor" })
    end
    lockstep.error({ "RuntimeError", { "could not start the task", why } })
  end
  if link then lockstep.link(pid) end
  return task.own(pid)
end

-- async(sup, fn, ...): linked to the caller, not to the supervisor's fate alone.
function task_supervisor.async(sup, fn, ...)
  if type(fn) ~= "function" then gen.misuse("async", 2, "a function", fn) end
  return async(sup, true, 5000, fn, ...)
end
-- async_nolink(sup, fn, ...): a crash is only a DOWN message.
function task_supervisor.async_nolink(sup, fn, ...)
  if type(fn) ~= "function" then gen.misuse("async_nolink", 2, "a function", fn) end
  return async(sup, false, 5000, fn, ...)
end
function task_supervisor.async_stream(sup, list, fn, options)
  return task.stream(function(f, x) return async(sup, true, 5000, f, x) end, list, fn, options, "async_stream", 2)
end
function task_supervisor.async_stream_nolink(sup, list, fn, options)
  return task.stream(function(f, x) return async(sup, false, 5000, f, x) end, list, fn, options, "async_stream_nolink", 2)
end

function task_supervisor.children(sup)
  local pids = {}
  for _, c in ipairs(dynamic_supervisor.which_children(sup)) do
    if lockstep.is_pid(c[2]) then pids[#pids + 1] = c[2] end
  end
  return pids
end
function task_supervisor.terminate_child(sup, pid) return dynamic_supervisor.terminate_child(sup, pid) end
function task_supervisor.stop(sup, reason, timeout) return dynamic_supervisor.stop(sup, reason, timeout) end

return task_supervisor
