-- The fixed window's hit: one update_counter counts and says which number this request has; the comparison needs no
-- second look.
-- Source: Hammer (Elixir), its ETS backend's fixed window
-- Class: check then act
local lockstep = require "lockstep"
local ets = require "lockstep.ets"

local limit, scale, callers = 2, 1000, 3

local function hit(hammer, key)
  local full = { key, lockstep.now() // scale }
  return ets.update_counter(hammer, full, 1, { full, 0 }) <= limit
end

local function request(hammer, parent)
  lockstep.send(parent, hit(hammer, "user"))
end

lockstep.scenario("fixed window by hit", function()
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
