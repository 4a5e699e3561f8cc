-- BullMQ 6.7.0: what must hold of the version of today. A worker that stalls in a job, so that its lock expires; checks for
-- stalled jobs, which put it back; another worker, which takes it from there; the first one, which goes on. Processed twice
-- then, as its documentation says ("at least once"), but each job is in one place, completed once, and never lost.
-- Needs the packages of README.md: --path node_modules
local lockstep = require "lockstep"
local redis = require "lockstep.redis"
local bull = require "ports.bull"
local key, with = bull.key, bull.with

local LOCK_DURATION, STALLED_INTERVAL, MAX_STALLED_COUNT, LONGEST_BLOCK = 30000, 30000, 1, 10
local V6 = bull.scripts("bullmq-6.7.0/dist/cjs/commands", { "addStandardJob-9", "moveToActive-11", "moveToFinished-14",
  "moveStalledJobsToWait-9" })

-- ---- dist/cjs/classes/redis-queue-backend.js ----

local NAMES = { "wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused", "meta", "pc" }
local TO_ACTIVE = { table.unpack(NAMES) }
TO_ACTIVE[11] = "marker"

local function add(c, s)
  c:run(s.addStandardJob, with({ "wait", "paused", "meta", "id", "completed", "delayed", "active", "events", "marker" },
    redis.pack { key "", "", "job", bull.date() }, "{}", redis.pack { attempts = 0 }))
end

local function move_to_active(c, s, token)
  local result = c:run(s.moveToActive, with(TO_ACTIVE, key "", bull.date(),
    redis.pack { token = token, lockDuration = LOCK_DURATION }))
  return type(result[1]) == "table" and result[2] or nil
end

-- The next job, and whether this one is completed.
local function move_to_completed(c, s, token, id)
  local names = { table.unpack(NAMES) }
  for _, name in ipairs { "completed", id, "metrics:completed", "marker" } do names[#names + 1] = name end
  local result = c:run(s.moveToFinished, with(names, id, bull.date(), "returnvalue", "null", "completed", 1, key "",
    redis.pack { token = token, keepJobs = { count = -1 }, lockDuration = LOCK_DURATION, attempts = 0, maxMetricsSize = "",
      fpof = false, cpof = false, idof = false, rdof = false }))
  if math.type(result) then return nil, result >= 0 end
  return type(result[1]) == "table" and result[2] or nil, true
end

-- dist/cjs/classes/worker.js: a lock that is lost is an error of the job's worker, which goes on to the next.
local function worker(server, s, token, on)
  return function()
    local c = server:connect()
    local id = move_to_active(c, s, token)
    local idle = 0
    while idle < on.patience do
      if id then
        on.handle(id)
        local following, done = move_to_completed(c, s, token, id)
        if done then on.complete(id) end
        id = following
      elseif c:bzpopmin(key "marker", LONGEST_BLOCK * 3) then
        id = move_to_active(c, s, token)
      else
        idle = idle + 1
        id = move_to_active(c, s, token)
      end
    end
  end
end

local function checks(server, s, times)
  return function()
    local c = server:connect()
    for n = 1, times do
      c:run(s.moveStalledJobsToWait, with({ "stalled", "wait", "active", "stalled-check", "meta", "paused", "marker", "events",
        "repeat" }, MAX_STALLED_COUNT, key "", bull.date(), STALLED_INTERVAL))
      if n < times then lockstep.sleep(STALLED_INTERVAL) end
    end
  end
end

local function jobs(s, n, stalls)
  local server, c = bull.server(s)
  local begun, completed = bull.counter("begun"), bull.counter("completed")
  local on = { complete = completed, patience = stalls and 3 or 1 }
  function on.handle(id)
    if begun(id) > 1 then
      lockstep.cover("taken again")
    elseif stalls and lockstep.choose({ "works", "stalls" }) == "stalls" then
      lockstep.sleep(2 * STALLED_INTERVAL + 5000)
    end
  end
  for _ = 1, n do add(c, s) end
  bull.together(worker(server, s, "A", on), worker(server, s, "B", on), checks(server, s, stalls and 3 or 1))
  for i = 1, n do
    local id = tostring(i)
    assert(completed()[id] == 1, "job " .. id .. " was completed " .. (completed()[id] or 0) .. " times")
    assert(bull.places(c, id) == "completed", "job " .. id .. " is in: " .. bull.places(c, id))
  end
end

lockstep.scenario("bullmq 6.7.0: two jobs, two workers, a check", function() jobs(V6, 2, false) end)
lockstep.scenario("bullmq 6.7.0: a worker that stalls", { cover = { "taken again" } }, function() jobs(V6, 1, true) end)
