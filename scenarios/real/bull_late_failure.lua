-- Bull 2.0.0, issue 371 (github.com/OptimalBits/bull/issues/371): who has lost the lock brings a finished job back.
--   worker A stalls in job 1; its lock expires, B's check puts the job back, and B completes and removes it
--   A goes on: its job fails, and A writes how, to a job that is not there any more
--   A puts job 1 among the failed ones: it has been completed, and is there again without its data
-- 2.1.0 renews the lock before it does either. Needs the packages of README.md: --path node_modules
local lockstep = require "lockstep"
local bull = require "ports.bull"
local key, with = bull.key, bull.with

local LOCK_RENEW_TIME, STALLED_JOB_CHECK_INTERVAL = 5000, 5000
local FILES = { "addJob-6", "takeLock-1", "takeLockOf2-1", "extendLock-1", "unlock-1", "moveUnlockedJobsToWait-3",
  "removeCompleted-4", "moveToFailed-3" }
local V2_0_0 = bull.scripts("bull-2.0.0/recorded", FILES)
local V2_1_0 = bull.scripts("bull-2.1.0/recorded", FILES)

-- ---- lib/scripts.js: locks are Redlock's, of a random value; the text of takeLock names its job ----

local function take_lock(c, scripts, id, lock)
  return c:run(id == "1" and scripts.takeLock or scripts.takeLockOf2, key(id .. ":lock"), lock, LOCK_RENEW_TIME) == 1
end

local function extend(c, scripts, id, lock)
  return c:run(scripts.extendLock, key(id .. ":lock"), lock, LOCK_RENEW_TIME) == 1
end

-- move: returns whether it has.
local function move_to_completed(c, scripts, id, lock)
  local moved = extend(c, scripts, id, lock)
    and c:run(scripts.removeCompleted, with({ "active", "undefined", id, id .. ":lock" }, id, "")) == 0
  c:run(scripts.unlock, key(id .. ":lock"), lock)
  return moved
end

-- handleFailed of lib/queue.js and moveToFailed of lib/job.js
local function move_to_failed(c, scripts, id, lock)
  local renews = scripts.version == "2.1.0"
  if renews and not extend(c, scripts, id, lock) then return end
  c:hmset(key(id), "attemptsMade", 1, "stacktrace", "[]", "failedReason", "it failed")
  if renews then c:run(scripts.unlock, key(id .. ":lock"), lock) end -- it does not wait for moveToFailed
  c:run(scripts.moveToFailed, with({ "active", "failed", id }, 0, id))
  if not renews then c:run(scripts.unlock, key(id .. ":lock"), lock) end
end

-- ---- lib/queue.js: processJob, run ----

local function worker(server, scripts, token, on)
  return function()
    local c = server:connect()
    for n = 1, math.huge do
      local id = c:brpoplpush(key "wait", key "active", 20) -- for 5 s again and again, which is the same
      if not id then return end
      local lock = token .. n
      if #c:hgetall(key(id)) > 0 and take_lock(c, scripts, id, lock) then
        if not on.handle(id) then
          move_to_failed(c, scripts, id, lock)
        elseif move_to_completed(c, scripts, id, lock) then
          on.complete(id)
        end
      end
    end
  end
end

local function checks(server, scripts)
  return function()
    local c = server:connect()
    for _ = 1, 2 do
      lockstep.sleep(STALLED_JOB_CHECK_INTERVAL)
      c:run(scripts.moveUnlockedJobsToWait, with({ "active", "wait", "failed" }, 1, key ""))
    end
  end
end

-- ---- the scenarios ----

local function verdict(c, completed, id)
  local places = bull.places(c, id)
  if completed then
    assert(completed == 1, "job " .. id .. " was completed " .. completed .. " times")
    assert(places == "" and c:exists(key(id)) == 0, "job " .. id .. " was completed and removed, but is in " .. places)
  else
    assert(#places > 0 and not places:find(" "), "job " .. id .. " is in: " .. places)
  end
end

-- Job 1 may block its worker's event loop when it is first run, for longer than the lock lasts, and fail then.
local function jobs(scripts, n)
  local server, c = bull.server(scripts)
  local begun, completed = bull.counter("begun"), bull.counter("completed")
  local on = { complete = completed }
  function on.handle(id)
    if begun(id) > 1 or id == "2" or lockstep.choose({ "completes", "stalls and fails" }) == "completes" then return true end
    lockstep.sleep(2 * LOCK_RENEW_TIME + 1)
    return false
  end
  for _ = 1, n do
    c:run(scripts.addJob, with({ "wait", "paused", "meta-paused", "jobs", "id", "delayed" }, key "", "", "data", "{}", "opts",
      '{"removeOnComplete":true}', "progress", 0, "delay", 0, "timestamp", bull.EPOCH, "attempts", 1, "attemptsMade", 0,
      "stacktrace", "[]", "returnvalue", "null"))
  end
  bull.together(worker(server, scripts, "A", on), worker(server, scripts, "B", on), checks(server, scripts))
  for id = 1, n do verdict(c, completed()[tostring(id)], tostring(id)) end
end

lockstep.scenario("bull 2.0.0: a completed job is back, and has failed", { expect = "assertion" }, function() jobs(V2_0_0, 1) end)
lockstep.scenario("bull 2.1.0: who has lost the lock leaves the job alone", function() jobs(V2_1_0, 2) end)
