-- Work is fanned out to three tasks, with some time for all of them. What has not answered by then is left out. But nobody
-- stopped it: its answer may come a moment later, and is lost.
-- Source: Elixir, Task.yield_many/2: a task without a reply goes on unless Task.shutdown/2 ends it
-- Class: lost result (fan-out)
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"
local task = require "lockstep.task"

local jobs = 3

local function work(job)
  return job * job
end

lockstep.scenario("late tasks are left out", { timers = "racy" }, function()
  local tasks = {}
  for job = 1, jobs do
    tasks[job] = task.async(work, job)
  end
  local sum = 0
  for _, answer in ipairs(task.yield_many(tasks, 100)) do
    sum = sum + (answer[2] and answer[2][2] or 0)
  end
  assert(sum == 14, "the sum is " .. sum)
end)
