-- The repair of aget: offset and sum change, and are saved, under one lock.
-- Proved by: dpor
local threads = require "lockstep.threads"

local DOWNLOADERS <const>, CHUNKS <const>, CHUNK <const> = 2, 2, 100

threads.program("aget, repaired", function()
  local offset, written = threads.array("offset", DOWNLOADERS), threads.cell("bwritten")
  local mutex = threads.mutex("bwritten_mutex")

  local function download(id)
    for _ = 1, CHUNKS do
      mutex:lock()
      offset:set(id, offset:get(id) + CHUNK)
      written:set(written:get() + CHUNK)
      mutex:unlock()
    end
  end
  local function save()
    mutex:lock()
    local total, sum = written:get(), 0
    for id = 1, DOWNLOADERS do sum = sum + offset:get(id) end
    mutex:unlock()
    assert(sum == total, "the offsets saved are not what was written")
  end

  local all = { threads.create(save) }
  for id = 1, DOWNLOADERS do all[id + 1] = threads.create(download, id) end
  for _, thread in ipairs(all) do threads.join(thread) end
end)
