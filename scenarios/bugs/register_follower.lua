-- A leader answers writes at once and replicates them afterwards; clients read from the follower next to them. A read that
-- begins after a write has ended may return the old value, and two reads of one client may go back in time.
-- Class: stale read (leader and followers)
-- Found by: pos within 50 iterations
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
  while true do
    local _, from, argument = table.unpack(lockstep.recv())
    lockstep.send(from, "written")
    for _, pid in ipairs(followers) do
      lockstep.send(pid, { "replicate", lockstep.self(), argument })
    end
  end
end

local function perform(op, worker, h, primary, followers)
  history.op(h, op, function(value)
    if op.f == "write" then
      lockstep.send(primary, { "write", lockstep.self(), value })
      lockstep.recv_first("written")
      return
    end
    lockstep.send(followers[worker], { "read", lockstep.self() })
    return lockstep.recv_first({ "value", lockstep.any })[2]
  end)
end

lockstep.scenario("a register over a leader and two followers", function()
  local h = history.start()
  local followers = { lockstep.spawn(follower), lockstep.spawn(follower) }
  local primary = lockstep.spawn(leader, followers)
  history.op(h, "write", 0, function() end)
  local writes = generator.map(generator.list({ 1, 2 }), function(n) return { f = "write", value = n } end)
  local reads = generator.take(generator.cycle({ { f = "read" } }), 2)
  generator.run(2, generator.mix({ reads, writes }), perform, h, primary, followers)
  checker.linearizable(h, "register")
end)
