-- A program with several outcomes: one scenario that stays within the set, and for each outcome one that reaches it.
local lockstep = require "lockstep"
local h = require "helper"

return function(id, outcomes, body, options)
  options = options or {}
  lockstep.scenario(id, options, function()
    local result = body()
    for _, outcome in ipairs(outcomes) do
      if h.same(result, outcome) then return end
    end
    error(h.show(result) .. " is not an outcome of " .. id, 0)
  end)
  for _, outcome in ipairs(outcomes) do
    local reach = { expect = "assertion" }
    for k, v in pairs(options) do reach[k] = v end
    lockstep.scenario(id .. " reaches " .. h.show(outcome), reach, function()
      if h.same(body(), outcome) then error("reached", 0) end
    end)
  end
end
