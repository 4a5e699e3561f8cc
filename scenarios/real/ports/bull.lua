-- What the scenarios of Bull and BullMQ share: names of keys, jobs that are added, workers that end, where each job is.
local lockstep = require "lockstep"
local redis = require "lockstep.redis"
local ets = require "lockstep.ets"

local bull = {}

function bull.key(name) return "bull:q:" .. name end

-- Keys of these names, then `...`: what a script is called with.
function bull.with(names, ...)
  local list = {}
  for i, name in ipairs(names) do list[i] = bull.key(name) end
  for i = 1, select("#", ...) do list[#names + i] = (select(i, ...)) end
  return table.unpack(list)
end

-- Date.now(), from a day on that is long past 1970.
bull.EPOCH = 1700000000000
function bull.date() return bull.EPOCH + lockstep.now() end

-- The scripts of a folder along --path, by their names: bull.scripts("bull-3.0.0/lib/commands", { "pause-4" }).pause;
-- and their version.
function bull.scripts(folder, files)
  local all = { version = folder:match("^%a+%-([^/]+)") }
  for _, file in ipairs(files) do
    local script = redis.load(folder .. "/" .. file .. ".lua")
    all[script.name] = script
  end
  return all
end

-- A server that has seen the scripts already, as after the first jobs.
function bull.server(scripts)
  local server = redis.server()
  local c = server:connect()
  local names = {}
  for name, script in pairs(scripts) do
    if type(script) == "table" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do c:script("LOAD", scripts[name].text) end
  return server, c
end

-- How often each job was begun: begun(id) counts once more, begun() gives all counts as {[id] = n}.
function bull.counter(name)
  local t = ets.new(name, { "public" })
  return function(id)
    if id then return ets.update_counter(t, id, 1, { id, 0 }) end
    local counts = {}
    for _, row in ipairs(ets.tab2list(t)) do counts[row[1]] = row[2] end
    return counts
  end
end

-- Runs each function as a process of its own, and returns when all have ended.
function bull.together(...)
  local root = lockstep.self()
  local n = select("#", ...)
  for i, f in ipairs { ... } do
    lockstep.spawn(function()
      f()
      lockstep.send(root, { "ended", i })
    end)
  end
  for i = 1, n do lockstep.recv_first({ "ended", i }) end
end

local LISTS, SETS = { "wait", "paused", "active" }, { "delayed", "prioritized", "completed", "failed" }

-- Where a job is, "wait active" say; "" if nowhere.
function bull.places(c, id)
  local found = {}
  for _, list in ipairs(LISTS) do
    for _, one in ipairs(c:lrange(bull.key(list), 0, -1)) do
      if one == id then found[#found + 1] = list end
    end
  end
  for _, set in ipairs(SETS) do
    local kind = c:type(bull.key(set))
    if (kind == "zset" and c:zscore(bull.key(set), id)) or (kind == "set" and c:sismember(bull.key(set), id) == 1) then
      found[#found + 1] = set
    end
  end
  return table.concat(found, " ")
end

return bull
