-- Bull 2.2.6, issue 498 (github.com/OptimalBits/bull/issues/498): a job is delayed without its lock, while another has it.
--   worker A's job fails, and shall be tried again later; A does not own its lock any more
--   worker B's check puts job 1 back, and B takes it and its lock
--   A moves job 1 to the delayed ones while B works on it: it is in two places, and is processed again
-- In 2.2.6 A gives its lock back itself: `.then(job.moveToFailed(err)).then(job.releaseLock)` does not wait for what the
-- first promise does. 3.0.0-rc.2 asks for the lock in the script. Needs the packages of README.md: --path node_modules
local lockstep = require "lockstep"
local bull = require "ports.bull"
local key, with = bull.key, bull.with

local BACKOFF = 600000
local V2 = bull.scripts("bull-2.2.6/recorded", { "addJob-7", "takeLock-3", "extendLock-1", "unlock-1",
  "moveUnlockedJobsToWait-3", "moveToCompleted-3", "moveToDelayed-3" })
V2.duration, V2.interval = 5000, 5000 -- of locks, and between checks
local V3 = bull.scripts("bull-3.0.0-rc.2/lib/commands", { "addJob-7", "moveToActive-4", "extendLock-1",
  "moveUnlockedJobsToWait-4", "moveToFinished-3", "moveToDelayed-3" })
V3.duration, V3.interval = 30000, 30000

-- scripts.moveToDelayed: the last bits of the time are those of the job's id.
local function delayed_at(id) return ("%d"):format((bull.date() + BACKOFF) * 0x1000 + (tonumber(id) & 0xfff)) end

-- ---- 2.2.6: lib/queue.js, lib/job.js, lib/scripts.js ----

local function extend2(c, s, id, lock) return c:run(s.extendLock, key(id .. ":lock"), lock, s.duration) == 1 end

local function completed2(c, s, id, lock)
  local moved = extend2(c, s, id, lock) and c:run(s.moveToCompleted, with({ "active", "completed", id }, id, "")) == 0
  c:run(s.unlock, key(id .. ":lock"), lock)
  return moved
end

local function failed2(c, s, id, lock)
  if not extend2(c, s, id, lock) then return end
  c:hmset(key(id), "attemptsMade", 1, "stacktrace", "[]", "failedReason", "it failed")
  c:run(s.unlock, key(id .. ":lock"), lock)
  c:run(s.moveToDelayed, with({ "active", "delayed", id }, delayed_at(id), id))
end

local function worker2(server, s, token, on)
  local c = server:connect()
  for n = 1, math.huge do
    local id = c:brpoplpush(key "wait", key "active", 100)
    if not id then return end
    c:zrem(key "priority", id)
    local lock = token .. n
    if #c:hgetall(key(id)) > 0
      and c:run(s.takeLock, with({ id .. ":lock", "active", id }, lock, s.duration, id)) == 1 then
      if not on.handle(id, function() extend2(c, s, id, lock) end) then
        failed2(c, s, id, lock)
      elseif completed2(c, s, id, lock) then
        on.complete(id)
      end
    end
  end
end

local function check2(c, s) c:run(s.moveUnlockedJobsToWait, with({ "active", "wait", "failed" }, 1, key "")) end

local function add2(c, s)
  c:run(s.addJob, with({ "wait", "paused", "meta-paused", "jobs", "id", "delayed", "priority" }, key "", "", "", "data", "{}",
    "opts", '{"attempts":2}', "progress", 0, "delay", 0, "timestamp", bull.EPOCH, "attempts", 2, "attemptsMade", 0,
    "stacktrace", "[]", "returnvalue", "null"))
end

-- ---- 3.0.0-rc.2 ----

local function failed3(c, s, id, token)
  c:multi()
  c:hmset(key(id), "attemptsMade", 1, "stacktrace", "[]", "failedReason", "it failed")
  c:evalsha(s.moveToDelayed.sha, 3, with({ "active", "delayed", id }, delayed_at(id), id, token))
  c:exec()
end

local function worker3(server, s, token, on)
  local c, events = server:connect(), server:connect()
  events:psubscribe(key "added*")
  while true do
    local job = c:run(s.moveToActive, with({ "wait", "active", "priority", "active@" .. token }, key "", token, s.duration))
    local id = job and job[2]
    if not id then
      repeat
        local event = events:receive(100000)
        if not event then return end
      until event[1] == "pmessage"
    elseif not on.handle(id, function() c:run(s.extendLock, key(id .. ":lock"), token, s.duration) end) then
      failed3(c, s, id, token)
    elseif c:run(s.moveToFinished, with({ "active", "completed", id }, id, bull.date(), "returnvalue", "0", token, "0",
      "{}")) == 0 then
      on.complete(id)
    end
  end
end

local function check3(c, s)
  c:run(s.moveUnlockedJobsToWait, with({ "active", "wait", "failed", "added" }, 1, key "", bull.date()))
end

local function add3(c, s)
  c:run(s.addJob, with({ "wait", "paused", "meta-paused", "added@R", "id", "delayed", "priority" }, key "", "", "__default__",
    "{}", '{"attempts":2}', bull.EPOCH, 0, 0, 0, "FIFO"))
end

-- ---- the scenarios ----

-- Job 1 fails when it is first run, at the time of a check, with its lock renewed on the way or, if the event loop is
-- blocked, after that. Everything else completes at once.
local function first_fails(s, begun)
  return function(id, renew)
    if begun(id) > 1 or id ~= "1" then return true end
    local blocked = lockstep.choose({ "works", "stalls" }) == "stalls"
    lockstep.sleep(s.interval // 2)
    if not blocked then renew() end
    lockstep.sleep(s.interval // 2)
    if blocked then lockstep.sleep(s.interval + 1) end
    return false
  end
end

local function jobs(s, n, worker, check, add)
  local server, c = bull.server(s)
  local begun, completed = bull.counter("begun"), bull.counter("completed")
  local on = { complete = completed, handle = first_fails(s, begun) }
  for _ = 1, n do add(c, s) end
  bull.together(function() worker(server, s, "A", on) end, function() worker(server, s, "B", on) end, function()
    local checks = server:connect()
    for _ = 1, 2 do
      lockstep.sleep(s.interval)
      check(checks, s)
    end
  end)
  for id = 1, n do
    local places = bull.places(c, tostring(id))
    local wanted = completed()[tostring(id)] and "completed" or "delayed"
    assert(places == wanted, "job " .. id .. " is in: " .. places)
  end
end

lockstep.scenario("bull 2.2.6: a job is completed, and delayed", { expect = "assertion" }, function()
  jobs(V2, 1, worker2, check2, add2)
end)
lockstep.scenario("bull 3.0.0-rc.2: two jobs, each in one place", function() jobs(V3, 2, worker3, check3, add3) end)
