-- A lock of the program's own: compare and swap until it works. It yields after the first failures and then sleeps, so that
-- a schedule that always prefers the waiting thread ends as well.
local lockstep = require "lockstep"
local threads = require "lockstep.threads"

local Spin = {}
Spin.__index = Spin
function Spin:lock()
  local failures = 0
  while not self.word:cas(0, 1) do
    failures = failures + 1
    if failures < 3 then
      lockstep.yield()
    else
      lockstep.sleep(1)
    end
  end
end
function Spin:unlock() self.word:set(0) end

return function() return setmetatable({ word = threads.cell("lock") }, Spin) end
