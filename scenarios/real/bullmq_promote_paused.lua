-- BullMQ 1.11.0, pull 338 (github.com/taskforcesh/bullmq/pull/338): a job that is promoted while the queue is paused is lost.
--   the queue is paused: what waits is renamed to paused
--   a delayed job is promoted: it goes to wait, although the queue is paused
--   the queue is resumed: paused is renamed to wait, over what lay there
-- 1.12.0 promotes to paused where there is such a list. There is none if nothing waited when the queue was paused: the job
-- goes to wait, one that is added then to paused (addJob asks meta), and the queue is resumed as before. Not in the thread;
-- found with a worker and one more producer. Needs the packages of README.md: --path node_modules
local lockstep = require "lockstep"
local bull = require "ports.bull"
local key, with = bull.key, bull.with

local LOCK_DURATION = 30000
local function files(promote) return { "addJob-8", "pause-4", "moveToActive-8", "moveToFinished-7", promote } end
local V1_11 = bull.scripts("bullmq-1.11.0/dist/commands", files "promote-4")
local V1_12 = bull.scripts("bullmq-1.12.0/dist/commands", files "promote-5")

-- ---- dist/classes/scripts.js ----

local function add(c, s, delay)
  return c:run(s.addJob, with({ "wait", "paused", "meta", "id", "delayed", "priority", "events", "delay" }, key "", "", "job",
    "{}", "{}", bull.date(), delay, delay > 0 and bull.date() + delay or 0, 0, "LPUSH"))
end

local function pause(c, s, on)
  local from, to = on and "wait" or "paused", on and "paused" or "wait"
  c:run(s.pause, with({ from, to, "meta", "events" }, on and "paused" or "resumed"))
end

local function promote(c, s, id)
  local names = s.promote.keys == 5 and { "delayed", "wait", "paused", "priority", "events" }
    or { "delayed", "wait", "priority", "events" }
  c:run(s.promote, with(names, key "", id))
end

local function move_to_active(c, s, token, id)
  local job = c:run(s.moveToActive, with({ "wait", "active", "priority", "events", "stalled", "limiter", "delayed", "delay" },
    key "", token, LOCK_DURATION, bull.date(), id or ""))
  return job and job[2]
end

-- Fetches the next one as well.
local function move_to_completed(c, s, token, id)
  local result = c:run(s.moveToFinished, with({ "active", "completed", id, "wait", "priority", "events", "meta" }, id,
    bull.date(), "returnvalue", "null", "completed", "0", "{}", 1, key "", token, LOCK_DURATION))
  assert(result ~= -1 and result ~= -2, "job " .. id .. " is not its worker's any more")
  return result and result ~= 0 and result[2]
end

-- dist/classes/worker.js: getNextJob, processJob
local function worker(server, s, token)
  return function()
    local c = server:connect()
    local id = move_to_active(c, s, token)
    while true do
      if not id then
        id = c:brpoplpush(key "wait", key "active", 5)
        if not id then return end
        id = move_to_active(c, s, token, id)
      end
      id = move_to_completed(c, s, token, id)
    end
  end
end

-- ---- the scenarios ----

-- Job 1 waits, job 2 is delayed. The queue is paused and resumed while somebody promotes job 2, `workers` take jobs, and
-- somebody adds job 3, if `adds`.
local function jobs(s, workers, adds)
  local server, c = bull.server(s)
  add(c, s, 0)
  add(c, s, 60000)
  local parts = {
    function()
      local admin = server:connect()
      pause(admin, s, true)
      pause(admin, s, false)
    end,
    function() promote(server:connect(), s, "2") end,
  }
  if adds then parts[#parts + 1] = function() add(server:connect(), s, 0) end end
  for i = 1, workers do parts[#parts + 1] = worker(server, s, "worker " .. i) end
  bull.together(table.unpack(parts))
  for id = 1, adds and 3 or 2 do
    local places = bull.places(c, tostring(id))
    assert(places ~= "", "job " .. id .. " is lost")
    assert(places == (workers > 0 and "completed" or "wait"), "job " .. id .. " is in: " .. places)
  end
end

lockstep.scenario("bullmq 1.11.0: a promoted job is lost", { expect = "assertion" }, function() jobs(V1_11, 0) end)
lockstep.scenario("bullmq 1.12.0: it is not, if one waited", function() jobs(V1_12, 0) end)
lockstep.scenario("bullmq 1.12.0: it is lost, if none waited", { expect = "assertion" }, function() jobs(V1_12, 1, true) end)
lockstep.scenario("bullmq 1.12.0: two workers, two jobs", function() jobs(V1_12, 2) end)
