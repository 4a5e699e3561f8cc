-- A readers-writer lock of NSPR's kind: a lock count (-1 with a writer inside), and readers wait while a writer does.
local threads = require "lockstep.threads"

local Lock = {}
Lock.__index = Lock
function Lock:read_lock()
  self.m:lock()
  while self.count:get() < 0 or self.waiting_writers:get() > 0 do self.readers:wait(self.m) end
  self.count:set(self.count:get() + 1)
  self.m:unlock()
end
function Lock:write_lock()
  self.m:lock()
  while self.count:get() ~= 0 do
    self.waiting_writers:set(self.waiting_writers:get() + 1)
    self.writers:wait(self.m)
    self.waiting_writers:set(self.waiting_writers:get() - 1)
  end
  self.count:set(-1)
  self.m:unlock()
end
function Lock:unlock()
  self.m:lock()
  if self.count:get() < 0 then
    self.count:set(0)
  else
    self.count:set(self.count:get() - 1)
  end
  if self.count:get() == 0 then
    if self.waiting_writers:get() > 0 then
      self.writers:signal()
    else
      self.readers:broadcast()
    end
  end
  self.m:unlock()
end

return function()
  return setmetatable({
    m = threads.mutex("rw_lock"),
    count = threads.cell("rw_lock_cnt"),
    waiting_writers = threads.cell("rw_writer_cnt"),
    readers = threads.condition("rw_reader_waitq"),
    writers = threads.condition("rw_writer_waitq"),
  }, Lock)
end
