-- The repair of bugs/lease_lock.lua: the storage is shown the number that came with the lock, and refuses older ones (a
-- fencing token). An increment that was refused did not happen.
-- Class: expired lease
local lockstep = require "lockstep"
local history = require "lockstep.history"
local checker = require "lockstep.checker"

local LEASE = 10 -- ms

-- Grants the lock with a number that rises; takes it back when it is released or the lease is over.
local function lock_service()
  local waiting, holder, number = {}, nil, 0
  while true do
    local request, argument = table.unpack(lockstep.recv())
    if request == "acquire" then
      waiting[#waiting + 1] = argument
    elseif argument == holder then -- released, or expired
      holder = nil
    end
    if not holder and #waiting > 0 then
      number = number + 1
      holder = number
      lockstep.send(table.remove(waiting, 1), { "granted", number })
      lockstep.send_after(lockstep.self(), { "expired", number }, LEASE)
    end
  end
end

-- Refuses who holds a lower number than somebody that was here.
local function storage()
  local value, highest = 0, 0
  while true do
    local request, from, number, new = table.unpack(lockstep.recv())
    if number < highest then
      lockstep.send(from, { "stored", "refused" })
    else
      highest = number
      if request == "write" then
        value = new
      end
      lockstep.send(from, { "stored", value })
    end
  end
end

local function ask(store, ...)
  lockstep.send(store, { ... })
  return lockstep.recv_first({ "stored", lockstep.any })[2]
end

local function increment(locks, store)
  local me = lockstep.self()
  lockstep.send(locks, { "acquire", me })
  local number = lockstep.recv_first({ "granted", lockstep.any })[2]
  local value = ask(store, "read", me, number)
  if value == "refused" then
    return history.failed
  end
  lockstep.sleep(lockstep.choose({ 1, 2 * LEASE })) -- a pause of the client
  if ask(store, "write", me, number, value + 1) == "refused" then
    return history.failed
  end
  lockstep.send(locks, { "release", number })
  return value + 1
end

local function client(h, parent, locks, store)
  history.op(h, "inc", nil, function() return increment(locks, store) end)
  lockstep.send(parent, "done")
end

lockstep.scenario("a counter under a lock with leases, repaired", function()
  local h = history.start()
  local locks, store = lockstep.spawn(lock_service), lockstep.spawn(storage)
  for _ = 1, 3 do
    lockstep.spawn(client, h, lockstep.self(), locks, store)
  end
  for _ = 1, 3 do
    lockstep.recv_first("done")
  end
  history.op(h, "read", nil, function() return ask(store, "read", lockstep.self(), 100) end)
  checker.linearizable(h, "counter")
end)
