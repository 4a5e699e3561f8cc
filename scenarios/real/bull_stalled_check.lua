-- Bull 1.0.0 and 1.1.1: a worker moves a job to active, and takes its lock in a second step; what a check for stalled jobs
-- does between the two (github.com/OptimalBits/bull/issues/258, 356, 370).
-- 258, in 1.0.0:
--   worker A moves job 1 from wait to active
--   worker B's check finds it there without a lock, and takes that
--   A wants the lock, and gets none: the job that A has fetched is B's, as one that has stalled
-- 356, in 1.0.0:
--   worker B's check lists the active jobs, and reads job 1, which worker A has just moved there
--   A processes job 1; the application removes it when it is done, and its lock with it
--   B asks whether job 1 is completed: it is not (any more), so B takes the lock and processes it again
-- 370, in 1.1.1, whose check puts jobs without a lock back to wait in one script:
--   worker A moves job 1 to active, and reads it
--   worker B's check puts it back
--   A takes its lock, and processes a job that waits: B takes that from there, too
-- 1.1.3 gives the lock of an active job alone. Needs the packages of README.md: --path node_modules
local lockstep = require "lockstep"
local bull = require "ports.bull"
local key, with = bull.key, bull.with

local LOCK_RENEW_TIME = 5000
local V1_0_0 = bull.scripts("bull-1.0.0/recorded", { "addJob-6", "getStalledJob-2", "moveToCompleted-4", "remove-7",
  "unlock-1" })
local V1_1_1 = bull.scripts("bull-1.1.1/recorded", { "addJob-6", "moveUnlockedJobsToWait-3", "takeLock-2", "takeAnyLock-2",
  "moveToCompleted-4", "remove-7", "unlock-1" })
local V1_1_3 = bull.scripts("bull-1.1.3/recorded", { "addJob-6", "moveUnlockedJobsToWait-3", "takeLock-3", "takeAnyLock-3",
  "moveToCompleted-4", "remove-7", "unlock-1" })

-- ---- lib/job.js: takeLock, and remove, which the application calls ----

-- `which`: "takeLock" by who has moved the job, "takeAnyLock" by others, "renew" of what one has.
local function take_lock(c, scripts, which, id, token)
  if scripts[which] then
    local names = { id .. ":lock", id, scripts[which].keys == 3 and "active" or nil }
    return c:run(scripts[which], with(names, token, LOCK_RENEW_TIME, id)) == 1
  end
  local options = { "PX", LOCK_RENEW_TIME, which ~= "renew" and "NX" or nil }
  return c:set(key(id .. ":lock"), token, table.unpack(options)) == "OK"
end

local function remove(c, scripts, id, uuid)
  if not take_lock(c, scripts, "takeAnyLock", id, uuid) then return end
  c:run(scripts.remove, with({ "active", "wait", "delayed", "paused", "completed", "failed", id }, id))
  c:run(scripts.unlock, key(id .. ":lock"), uuid)
end

-- ---- lib/queue.js: processJob, processStalledJobs (moveUnlockedJobsToWait since 1.1), run ----

local function process(c, scripts, token, on, id, which)
  if not take_lock(c, scripts, which, id, token) then return end
  on.begin(id)
  if c:run(scripts.moveToCompleted, with({ "active", "completed", id, id .. ":lock" }, id, "", token)) ~= -1 then
    remove(c, scripts, id, token .. " removes")
  end
end

local function check(c, scripts, token, on)
  if scripts.moveUnlockedJobsToWait then
    local result = c:run(scripts.moveUnlockedJobsToWait, with({ "active", "wait", "failed" }, 1, key ""))
    for _, id in ipairs(result[2]) do on.stalled(id) end
    return
  end
  for _, id in ipairs(c:lrange(key "active", 0, -1)) do
    if #c:hgetall(key(id)) > 0
      and c:run(scripts.getStalledJob, with({ "completed", id .. ":lock" }, id, token, LOCK_RENEW_TIME)) == "OK" then
      on.stalled(id)
      process(c, scripts, token, on, id, "renew")
    end
  end
end

local function worker(server, scripts, token, on)
  return function()
    local c = server:connect()
    check(c, scripts, token, on)
    while true do
      local id = c:brpoplpush(key "wait", key "active", LOCK_RENEW_TIME // 1000)
      if not id then return end
      if #c:hgetall(key(id)) > 0 then process(c, scripts, token, on, id, "takeLock") end
    end
  end
end

-- ---- the scenarios ----

local FIELDS = { "data", "{}", "opts", "{}", "progress", 0, "delay", 0, "timestamp", bull.EPOCH, "attempts", 1,
  "attemptsMade", 0, "stacktrace", "[]", "returnvalue", "null" }

local function add(c, scripts)
  local names = { "wait", "paused", "meta-paused", "jobs", "id", "delayed" }
  if scripts.version == "1.0.0" then return c:run(scripts.addJob, with(names, key "", table.unpack(FIELDS))) end
  return c:run(scripts.addJob, with(names, key "", "", table.unpack(FIELDS)))
end

-- Two workers, n jobs. `watched`: "stalled" (who is taken as stalled was begun) or "once" (processed once, and then gone).
local function jobs(scripts, n, watched)
  local server, c = bull.server(scripts)
  local begun = bull.counter("begun")
  local on = { begin = begun }
  function on.stalled(id)
    assert(not watched.stalled or begun()[id], "job " .. id .. " is taken as stalled, and nobody has begun it")
  end
  for _ = 1, n do add(c, scripts) end
  bull.together(worker(server, scripts, "A", on), worker(server, scripts, "B", on))
  if not watched.once then return end
  for i = 1, n do
    local id = tostring(i)
    local times, places = begun()[id], bull.places(c, id)
    assert(times == 1, "job " .. id .. " was processed " .. (times or 0) .. " times")
    assert(places == "", "job " .. id .. " was removed, and is in " .. places)
  end
end

lockstep.scenario("bull 1.0.0: a job that nobody has begun is taken as stalled", { expect = "crash" }, function()
  jobs(V1_0_0, 1, { stalled = true })
end)
lockstep.scenario("bull 1.0.0: a removed job is processed again", { expect = "assertion" }, function()
  jobs(V1_0_0, 1, { once = true })
end)
lockstep.scenario("bull 1.1.1: a job that was put back is processed twice", { expect = "assertion" }, function()
  jobs(V1_1_1, 1, { once = true })
end)
lockstep.scenario("bull 1.1.3: two jobs, each processed once", function() jobs(V1_1_3, 2, { stalled = true, once = true }) end)
