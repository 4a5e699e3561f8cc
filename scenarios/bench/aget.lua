-- aget (SCTBench, CB; aget-bug2): two download threads note their offset and add to the number of bytes written, the latter
-- under a lock. The signal handler saves both without stopping them: a resume file that contradicts itself. 4 threads with
-- main.
-- Fails: crash
local threads = require "lockstep.threads"

local DOWNLOADERS <const>, CHUNKS <const>, CHUNK <const> = 2, 2, 100

threads.program("aget", function()
  local offset, written = threads.array("offset", DOWNLOADERS), threads.cell("bwritten")
  local mutex = threads.mutex("bwritten_mutex")

  local function download(id)
    for _ = 1, CHUNKS do
      offset:set(id, offset:get(id) + CHUNK)
      mutex:lock()
      written:set(written:get() + CHUNK)
      mutex:unlock()
    end
  end
  local function save()
    local total, sum = written:get(), 0
    for id = 1, DOWNLOADERS do sum = sum + offset:get(id) end
    assert(sum == total, "the offsets saved are not what was written")
  end

  local all = { threads.create(save) }
  for id = 1, DOWNLOADERS do all[id + 1] = threads.create(download, id) end
  for _, thread in ipairs(all) do threads.join(thread) end
end)
