-- Choices before a process's first operation, and inside a starting child.
local lockstep = require "lockstep"

lockstep.scenario("the root chooses first", function()
  local n = lockstep.choose(3)
  assert(n >= 1 and n <= 3)
  local word = lockstep.choose({ "a", "b" })
  assert(word == "a" or word == "b")
end)

lockstep.scenario("a child chooses first", function()
  local main = lockstep.self()
  for _ = 1, 2 do
    lockstep.spawn(function()
      lockstep.send(main, lockstep.choose(2))
    end)
  end
  local sum = lockstep.recv() + lockstep.recv()
  assert(sum >= 2 and sum <= 4)
end)

lockstep.scenario("every value is reached", { expect = "assertion" }, function()
  assert(lockstep.choose(10) ~= 10)
end)
