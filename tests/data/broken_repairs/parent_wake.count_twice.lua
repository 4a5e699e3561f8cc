-- Broken repair of bugs/parent_wake.lua: a child counts again after it has written, but before it commits.
local lockstep = require "lockstep"

local function store()
  local committed, open, signals, parked = {}, {}, 0, nil
  local function remaining(child)
    local other = 3 - child
    return committed[other] and 0 or 1
  end
  while true do
    local request, from, argument = table.unpack(lockstep.recv())
    if request == "write" then
      open[argument] = true
      lockstep.send(from, "ok")
    elseif request == "count" then
      lockstep.send(from, remaining(argument))
    elseif request == "commit" then
      committed[argument], open[argument] = open[argument], nil
      lockstep.send(from, "ok")
    elseif request == "read" then
      lockstep.send(from, (committed[1] and 1 or 0) + (committed[2] and 1 or 0))
    elseif request == "signal" then
      lockstep.send(from, "ok")
      signals = signals + 1
      if parked then
        lockstep.send(parked, { "wake", signals })
        parked = nil
      end
    elseif request == "park" then
      if signals > argument then
        lockstep.send(from, { "recheck", signals })
      else
        parked = from
      end
    end
  end
end

local function call(db, request, argument)
  lockstep.send(db, { request, lockstep.self(), argument })
  return lockstep.recv()
end

local function child(db, number)
  call(db, "write", number)
  local remaining = call(db, "count", number)
  remaining = call(db, "count", number)
  call(db, "commit", number)
  if remaining == 0 then
    call(db, "signal")
  end
end

local function parent(db, main)
  local seen = 0
  while call(db, "read") < 2 do
    seen = call(db, "park", seen)[2]
  end
  lockstep.send(main, "parent done")
end

lockstep.scenario("parent wake-up", { max_steps = 300 }, function()
  local db = lockstep.spawn(store)
  lockstep.spawn(parent, db, lockstep.self())
  lockstep.spawn(child, db, 1)
  lockstep.spawn(child, db, 2)
  lockstep.recv()
end)
