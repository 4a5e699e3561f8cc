-- A rate limiter with a fixed window, a counter in a table for each key and window. A caller that asks with get and
-- counts with inc, instead of the one hit that does both, lets others in between: more than the limit is admitted.
-- Source: Hammer (Elixir), inc and get beside hit: https://hexdocs.pm/hammer/Hammer.ETS.FixWindow.html
-- Class: check then act
-- Found by: pos within 50 iterations
local lockstep = require "lockstep"
local ets = require "lockstep.ets"

local limit, scale, callers = 2, 1000, 3

local function window(key)
  return { key, lockstep.now() // scale }
end

local function get(hammer, key)
  return ets.lookup_element(hammer, window(key), 2, 0)
end

local function inc(hammer, key)
  local full = window(key)
  return ets.update_counter(hammer, full, 1, { full, 0 })
end

local function request(hammer, parent)
  local admitted = get(hammer, "user") < limit
  if admitted then
    inc(hammer, "user")
  end
  lockstep.send(parent, admitted)
end

lockstep.scenario("fixed window by get and inc", function()
  local hammer = ets.new("hammer", { "set", "public" })
  for _ = 1, callers do
    lockstep.spawn(request, hammer, lockstep.self())
  end
  local admitted = 0
  for _ = 1, callers do
    if lockstep.recv() then
      admitted = admitted + 1
    end
  end
  assert(admitted == limit, admitted .. " admitted in one window, the limit is " .. limit)
end)
