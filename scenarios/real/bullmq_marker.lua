-- BullMQ 5.1.9, pull 2389 (github.com/taskforcesh/bullmq/pull/2389): a delayed job's marker takes the place of another's.
--   a job is added, with a marker 0 of score 0 that wakes a worker at once
--   a delayed job is added: its marker is the same 0, with the score of its time
--   an idle worker takes the marker, and waits for that time, or ten seconds, while the first job waits
-- In 5.1.10 the marker of delayed jobs is 1. Needs the packages of README.md: --path node_modules
local lockstep = require "lockstep"
local redis = require "lockstep.redis"
local bull = require "ports.bull"
local key, with = bull.key, bull.with

local FILES = { "addStandardJob-7", "addDelayedJob-6", "moveToActive-11", "moveToFinished-14" }
local V5_1_9 = bull.scripts("bullmq-5.1.9/dist/cjs/commands", FILES)
local V5_1_10 = bull.scripts("bullmq-5.1.10/dist/cjs/commands", FILES)

local DRAIN_DELAY, LONGEST_BLOCK, DELAY, LOCK_DURATION = 5, 10, 4000, 30000

-- ---- dist/cjs/classes/scripts.js ----

local NAMES = { "wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused", "meta", "pc" }
local TO_ACTIVE = { table.unpack(NAMES) }
TO_ACTIVE[11] = "marker"

local function add(c, s, delay)
  local job = redis.pack { key "", "", "job", bull.date() }
  if delay > 0 then
    return c:run(s.addDelayedJob, with({ "marker", "meta", "id", "delayed", "completed", "events" }, job, "{}",
      redis.pack { delay = delay, attempts = 0 }))
  end
  return c:run(s.addStandardJob, with({ "wait", "paused", "meta", "id", "completed", "events", "marker" }, job, "{}",
    redis.pack { attempts = 0 }))
end

-- The job's id, or when the next delayed one is due (0: there is none).
local function move_to_active(c, s, token)
  local result = c:run(s.moveToActive, with(TO_ACTIVE, key "", bull.date(),
    redis.pack { token = token, lockDuration = LOCK_DURATION }))
  if type(result[1]) == "table" then return result[2] end
  return nil, result[4]
end

local function move_to_completed(c, s, token, id)
  local keys = { table.unpack(NAMES) }
  for _, name in ipairs { "completed", id, "metrics:completed", "marker" } do keys[#keys + 1] = name end
  local result = c:run(s.moveToFinished, with(keys, id, bull.date(), "returnvalue", "null", "completed", 1, key "",
    redis.pack { token = token, keepJobs = { count = -1 }, lockDuration = LOCK_DURATION, attempts = 0, maxMetricsSize = "",
      fpof = false, rdof = false }))
  if math.type(result) then
    assert(result >= 0, "job " .. id .. " is not its worker's any more: " .. result)
    return nil, 0
  end
  if type(result[1]) == "table" then return result[2] end
  return nil, result[4]
end

-- ---- dist/cjs/classes/worker.js: _getNextJob, waitForJob, processJob ----

-- Seconds, which need not be whole.
local function wait_for_job(c, block_until)
  local timeout = math.max(block_until > 0 and (block_until - bull.date()) / 1000 or DRAIN_DELAY, 0)
  if timeout <= 0.05 then return 0 end
  local result = c:bzpopmin(key "marker", math.min(timeout, LONGEST_BLOCK))
  return result and tonumber(result[3]) or 0
end

local function worker(server, s, token, on)
  return function()
    local c = server:connect()
    local id, block_until = move_to_active(c, s, token)
    while lockstep.now() < DELAY + 1000 do
      if id then
        on.begin(id)
        id, block_until = move_to_completed(c, s, token, id)
      else
        block_until = wait_for_job(c, block_until or 0)
        if block_until <= 0 or block_until - bull.date() < 10 then id, block_until = move_to_active(c, s, token) end
      end
    end
  end
end

-- ---- the scenarios ----

local function jobs(s, workers)
  local server, c = bull.server(s)
  local begun = bull.counter("begun")
  local on = {}
  function on.begin(id)
    begun(id)
    local late = lockstep.now() - (id == "1" and 0 or DELAY)
    assert(late < 1000, "job " .. id .. " has waited for " .. late .. " ms while a worker was idle")
  end
  local parts = { function()
    local producer = server:connect()
    add(producer, s, 0)
    add(producer, s, DELAY)
  end }
  for i = 1, workers do parts[#parts + 1] = worker(server, s, "worker " .. i, on) end
  bull.together(table.unpack(parts))
  for _, id in ipairs { "1", "2" } do
    assert(begun()[id] == 1 and bull.places(c, id) == "completed", "job " .. id .. " is in: " .. bull.places(c, id))
  end
end

lockstep.scenario("bullmq 5.1.9: a job waits for a delayed one", { expect = "crash" }, function() jobs(V5_1_9, 1) end)
lockstep.scenario("bullmq 5.1.10: two workers, two jobs, each in time", function() jobs(V5_1_10, 2) end)
