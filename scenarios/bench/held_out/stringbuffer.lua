-- stringbuffer (SCTBench, CB; StringBuffer of JDK 1.4): append asks another buffer for its length, then for so many of its
-- characters. Each call is synchronised, both together are not: the other may be cut in between. 2 threads with main.
-- Fails: assertion
local threads = require "lockstep.threads"

local TEXT <const> = 3 -- "abc"

threads.program("stringbuffer", function()
  local length, m = threads.cell("length", TEXT), threads.mutex("buffer")

  local function get_length()
    m:lock()
    local n = length:get()
    m:unlock()
    return n
  end
  local function get_characters(n)
    m:lock()
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
  get_characters(get_length())
  threads.join(other)
end)
