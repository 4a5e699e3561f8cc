-- Streams of tasks leave nothing behind, as Elixir's: tasks are linked there to a process in between.
local lockstep = require "lockstep"
local task = require "lockstep.task"
local task_supervisor = require "lockstep.task_supervisor"
local any = lockstep.any

local function nothing_is_left()
  local m = lockstep.recv(30)
  assert(m == nil, m and "stray message " .. tostring(m[1]))
end

lockstep.scenario("a trapping caller gets no EXIT of a stream", function()
  lockstep.flag("trap_exit", true)
  assert(#task.collect(task.async_stream({ 1, 2 }, function(x) return x end)) == 2)
  nothing_is_left()
end)

lockstep.scenario("nor of a task that crashes", function()
  lockstep.flag("trap_exit", true)
  local results = task.collect(task.async_stream({ 1 }, function() lockstep.exit "boom" end))
  assert(results[1][1] == "exit" and results[1][2] == "boom")
  nothing_is_left()
end)

lockstep.scenario("an EXIT of somebody else stays", function()
  lockstep.flag("trap_exit", true)
  local p = lockstep.spawn_link(function() lockstep.exit "mine" end)
  task.collect(task.async_stream({ 1 }, function(x) return x end))
  local m = lockstep.recv_first({ "EXIT", p, any }, 30)
  assert(m and m[3] == "mine")
end)

lockstep.scenario("who leaves the loop ends the tasks, and hears no more of them", function()
  for first in task.async_stream({ 1, 2 }, function(x)
    if x == 2 then
      lockstep.register("second", lockstep.self())
      lockstep.recv_first "never"
    end
    return x
  end, { max_concurrency = 2 }) do
    if first then break end
  end
  nothing_is_left()
  assert(lockstep.whereis "second" == nil)
end)

lockstep.scenario("... also when they are done, by an error, and under a supervisor", function()
  local sup = task_supervisor.start_link()
  local ok = pcall(function()
    for _ in task_supervisor.async_stream(sup, { 1, 2 }, function(x) return x end, { max_concurrency = 2 }) do
      error "enough"
    end
  end)
  assert(not ok)
  nothing_is_left()
end)
