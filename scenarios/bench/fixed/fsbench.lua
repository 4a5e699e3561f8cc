-- The repair of fsbench: as many threads as there are inode locks.
local threads = require "lockstep.threads"

local BLOCKS <const>, INODES <const>, THREADS <const> = 26, 32, 26

threads.program("fsbench, repaired", function()
  local inode_locks, block_locks = {}, {}
  for i = 1, BLOCKS do
    inode_locks[i], block_locks[i] = threads.mutex("inode_lock" .. i), threads.mutex("block_lock" .. i)
  end
  local busy, inode = threads.array("busy", BLOCKS), threads.array("inode", INODES)

  local function routine(id)
    local i = id % INODES
    assert(i < BLOCKS, "there is no lock of this inode")
    inode_locks[i + 1]:lock()
    if inode:get(i + 1) == 0 then
      local b = i * 2 % BLOCKS
      for _ = 1, BLOCKS // 2 do
        block_locks[b + 1]:lock()
        if busy:get(b + 1) == 0 then
          busy:set(b + 1, 1)
          inode:set(i + 1, b + 1)
          block_locks[b + 1]:unlock()
          break
        end
        block_locks[b + 1]:unlock()
        b = (b + 1) % BLOCKS
      end
    end
    inode_locks[i + 1]:unlock()
  end

  local all = {}
  for i = 1, THREADS do all[i] = threads.create(routine, i - 1) end
  for _, thread in ipairs(all) do threads.join(thread) end
end)
