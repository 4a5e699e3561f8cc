-- What has not answered in time is shut down. Shutting down says whether an answer came after all; what ended without one
-- is done here.
-- Source: Elixir, Task.yield_many/2 and Task.shutdown/2
-- Class: lost result (fan-out)
local lockstep = require "lockstep"
local task = require "lockstep.task"

local jobs = 3

local function work(job)
  return job * job
end

lockstep.scenario("tasks that are given up are shut down", { timers = "racy" }, function()
  local tasks = {}
  for job = 1, jobs do
    tasks[job] = task.async(work, job)
  end
  local sum = 0
  for job, answer in ipairs(task.yield_many(tasks, 100)) do
    local result = answer[2] and answer[2][2] or task.shutdown(answer[1], "brutal_kill")
    sum = sum + (result or work(job))
  end
  assert(sum == 14, "the sum is " .. sum)
  assert(lockstep.recv(0) == nil, "an answer came late")
end)
