-- The repair of bugs/register_follower.lua: reads go to the leader as well. The followers are there for when it fails.
-- Class: stale read (leader and followers)
local lockstep = require "lockstep"
local history = require "lockstep.history"
local generator = require "lockstep.generator"
local checker = require "lockstep.checker"

local function follower()
  local value = 0
  while true do
    local request, from, argument = table.unpack(lockstep.recv())
    if request == "replicate" then
      value = argument
    else
      lockstep.send(from, { "value", value })
    end
  end
end

local function leader(followers)
  local value = 0
  while true do
    local request, from, argument = table.unpack(lockstep.recv())
    if request == "write" then
      value = argument
      lockstep.send(from, "written")
      for _, pid in ipairs(followers) do
        lockstep.send(pid, { "replicate", lockstep.self(), argument })
      end
    else
      lockstep.send(from, { "value", value })
    end
  end
end

local function perform(op, _, h, primary)
  history.op(h, op, function(value)
    if op.f == "write" then
      lockstep.send(primary, { "write", lockstep.self(), value })
      lockstep.recv_first("written")
      return
    end
    lockstep.send(primary, { "read", lockstep.self() })
    return lockstep.recv_first({ "value", lockstep.any })[2]
  end)
end

lockstep.scenario("a register over a leader and two followers, repaired", function()
  local h = history.start()
  local followers = { lockstep.spawn(follower), lockstep.spawn(follower) }
  local primary = lockstep.spawn(leader, followers)
  history.op(h, "write", 0, function() end)
  local writes = generator.map(generator.list({ 1, 2 }), function(n) return { f = "write", value = n } end)
  local reads = generator.take(generator.cycle({ { f = "read" } }), 2)
  generator.run(2, generator.mix({ reads, writes }), perform, h, primary)
  checker.linearizable(h, "register")
end)
