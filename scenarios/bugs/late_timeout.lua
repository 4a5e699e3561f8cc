-- A client asks a server and gives up after 100 ms. The answer to the first question still comes, and is taken for the
-- answer to the second. Time may pass while processes can run: timers = "racy".
-- Class: timeout against reply
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"

local function double()
  while true do
    local from, number = table.unpack(lockstep.recv())
    lockstep.send(from, 2 * number)
  end
end

local function call(server, number)
  lockstep.send(server, { lockstep.self(), number })
  return lockstep.recv(100)
end

lockstep.scenario("timeout against reply", { timers = "racy" }, function()
  local server = lockstep.spawn(double)
  local first = call(server, 1)
  assert(first == nil or first == 2)
  local second = call(server, 10)
  assert(second == nil or second == 20, "asked for twice 10, got " .. tostring(second))
end)
