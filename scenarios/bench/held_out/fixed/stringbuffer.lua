-- The repair of stringbuffer: append holds the lock of the other buffer for both.
-- Proved by: dpor
local threads = require "lockstep.threads"

local TEXT <const> = 3 -- "abc"

threads.program("stringbuffer, repaired", function()
  local length, m = threads.cell("length", TEXT), threads.mutex("buffer")

  local function append()
    m:lock()
    local n = length:get()
    assert(n <= length:get(), "index out of bounds")
    m:unlock()
  end
  local function resize(n)
    m:lock()
    length:set(length:get() + n)
    m:unlock()
  end

  local other = threads.create(function()
    resize(-TEXT)
    resize(TEXT)
  end)
  append()
  threads.join(other)
end)
