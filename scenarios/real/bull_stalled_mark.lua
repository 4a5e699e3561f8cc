-- Bull 3.22.11, issue 1600 (github.com/OptimalBits/bull/issues/1600): a job that has finished stays marked as stalled.
--   the stalled check marks job x, which worker A works on; A completes it, and its mark stays
--   a job of the same name is added, and worker B moves it to active, where it has no lock yet
--   the next check takes it for stalled because of the mark, puts it back to wait, and two workers process it
-- 3.23.0 takes the mark away with the job. Needs the packages of README.md: --path node_modules
local lockstep = require "lockstep"
local bull = require "ports.bull"
local key, with = bull.key, bull.with

local LOCK_DURATION, STALLED_INTERVAL, MAX_STALLED_COUNT = 30000, 30000, 1
local FILES = { "addJob-6", "moveToActive-8", "moveStalledJobsToWait-7", "extendLock-2" }
local function files(...) return { ..., table.unpack(FILES) } end
local V3_22 = bull.scripts("bull-3.22.11/lib/commands", files "moveToFinished-7")
local V3_23 = bull.scripts("bull-3.23.0/lib/commands", files "moveToFinished-8")

-- ---- lib/scripts.js, lib/queue.js ----

local function move_to_active(c, s, token, id)
  local job = c:run(s.moveToActive, with({ "wait", "active", "priority", "active@" .. token, "stalled", "limiter", "delayed",
    "drained" }, key "", token, LOCK_DURATION, bull.date(), id or ""))
  return job and job[2]
end

-- Fetches the next one as well.
local function move_to_completed(c, s, token, id)
  local names = { "active", "completed", id, "wait", "priority", "active@" .. token, "delayed" }
  if s.moveToFinished.keys == 8 then names[8] = "stalled" end
  local result = c:run(s.moveToFinished, with(names, id, bull.date(), "returnvalue", "null", token, "1", "{}", 1, key "",
    LOCK_DURATION, token))
  if result == -1 or result == -2 then return nil, false end
  return result ~= 0 and result[2] or nil, true
end

local function worker(server, s, token, on)
  return function()
    local c = server:connect()
    local id = move_to_active(c, s, token)
    while true do
      if not id then
        id = c:brpoplpush(key "wait", key "active", 200) -- for drainDelay again and again
        if not id then return end
        id = move_to_active(c, s, token, id)
      end
      on.begin(id)
      lockstep.sleep(20000) -- shorter than lockRenewTime would need to renew in between
      local next_one, good = move_to_completed(c, s, token, id)
      if good then on.complete(id) end
      id = next_one
    end
  end
end

local function checks(server, s, on)
  return function()
    local c = server:connect()
    for n = 1, 2 do
      local result = c:run(s.moveStalledJobsToWait, with({ "stalled", "wait", "active", "failed", "stalled-check",
        "meta-paused", "paused" }, MAX_STALLED_COUNT, key "", bull.date(), STALLED_INTERVAL))
      for _, id in ipairs(result[2]) do on.stalled(id) end
      if n == 1 then lockstep.sleep(STALLED_INTERVAL) end
    end
  end
end

-- ---- the scenarios ----

local function add(c, s, id)
  c:run(s.addJob, with({ "wait", "paused", "meta-paused", "id", "delayed", "priority" }, key "", id, "__default__", "{}",
    '{"removeOnComplete":true}', bull.date(), 0, 0, 0, "LPUSH", "R"))
end

-- Job x is added at 0 s and, when it is done, at 30 s; `others` more at 0 s.
local function jobs(s, others)
  local server, c = bull.server(s)
  local begun, completed, stalled = bull.counter("begun"), bull.counter("completed"), bull.counter("stalled")
  local on = { begin = begun, complete = completed, stalled = stalled }
  add(c, s, "x")
  for i = 1, others do add(c, s, "other " .. i) end
  bull.together(worker(server, s, "A", on), worker(server, s, "B", on), checks(server, s, on), function()
    local producer = server:connect()
    lockstep.sleep(30000)
    add(producer, s, "x")
  end)
  assert(not stalled()["x"], "job x is taken for stalled")
  for id, times in pairs(begun()) do
    local wanted = id == "x" and 2 or 1
    assert(times == wanted and completed()[id] == wanted, id .. " was begun " .. times .. " times, added " .. wanted)
    assert(bull.places(c, id) == "", id .. " is in: " .. bull.places(c, id))
  end
end

lockstep.scenario("bull 3.22.11: the mark of a job that has finished stays", { expect = "assertion" }, function()
  jobs(V3_22, 0)
end)
lockstep.scenario("bull 3.23.0: two jobs, and one again: each processed once", function() jobs(V3_23, 1) end)
