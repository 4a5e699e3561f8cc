-- fibers: light threads inside one process. They share its variables, and switch only where they wait, as the requests
-- of an nginx worker do. Which of those that are ready goes next is a choice of the scheduler, as any other.
-- All of them are steps of their process, so nothing about them is ever taken for independent.
local lockstep = require "lockstep"

local fibers = {}

-- What a fiber yields to its loop; through coroutines of the program's own, see fibers.coroutine.
local PARK <const> = { "lockstep.fibers" }

local create, resume, yield, status = coroutine.create, coroutine.resume, coroutine.yield, coroutine.status
local running, close = coroutine.running, coroutine.close
local pack, unpack = table.pack, table.unpack

local Loop = {}
Loop.__index = Loop

-- A loop and its fibers belong to the process that makes it. on_error(fiber, error): null raises it in the process.
function fibers.new(on_error)
  return setmetatable({ ready = {}, sleeping = {}, parked = 0, count = 0, names = {}, on_error = on_error }, Loop)
end

local function unique(loop, name)
  local n = (loop.names[name] or 0) + 1
  loop.names[name] = n
  return n == 1 and name or name .. " " .. n
end

-- Ready at once, behind those that are.
function Loop:spawn(name, f, ...)
  local arguments = pack(...)
  local fiber = { name = unique(self, name), state = "ready", waiters = {} }
  fiber.co = create(function() return xpcall(f, lockstep.exception, unpack(arguments, 1, arguments.n)) end)
  self.count = self.count + 1
  self.ready[#self.ready + 1] = fiber
  return fiber
end

-- The fiber that runs; nil outside of all.
function Loop:self() return self.current end

local function forget(list, fiber)
  for i = 1, #list do
    if list[i] == fiber then return table.remove(list, i) end
  end
end

-- Makes a parked fiber ready; what it parked for returns the values. False if it is not parked.
function Loop:wake(fiber, ...)
  if fiber.state ~= "parked" then return false end
  fiber.state, fiber.woken = "ready", pack(...)
  self.parked = self.parked - 1
  if fiber.deadline then
    forget(self.sleeping, fiber)
    fiber.deadline = nil
  end
  self.ready[#self.ready + 1] = fiber
  return true
end

-- Waits until somebody wakes the fiber, or until ms have passed: what wake was given, or nil, "timeout".
function Loop:park(ms)
  local fiber = self.current
  if not fiber then error("a fiber waits; nothing else of this process can", 2) end
  fiber.state, fiber.woken = "parked", nil
  self.parked = self.parked + 1
  if ms then
    fiber.deadline = lockstep.now() + ms
    self.sleeping[#self.sleeping + 1] = fiber
  end
  yield(PARK)
  local woken = fiber.woken
  fiber.woken = nil
  return unpack(woken, 1, woken.n)
end

function Loop:sleep(ms)
  if ms > 0 then self:park(ms) else self:pause() end
end

-- Lets others that are ready go first, or not; of other processes, too.
function Loop:pause()
  local fiber = self.current
  lockstep.yield()
  fiber.state = "ready"
  self.ready[#self.ready + 1] = fiber
  yield(PARK)
end

-- Runs the fiber until it waits or ends, then the caller goes on: nobody comes between.
function Loop:run_first(fiber)
  local caller = self.current
  forget(self.ready, fiber)
  caller.state, self.handed = "handing over", fiber
  yield(PARK)
end

-- Waits until one of the fibers has ended; that one.
function Loop:wait_any(list)
  while true do
    for _, fiber in ipairs(list) do
      if fiber.state == "ended" then return fiber end
    end
    for _, fiber in ipairs(list) do fiber.waiters[#fiber.waiters + 1] = self.current end
    self:park()
    for _, fiber in ipairs(list) do forget(fiber.waiters, self.current) end
  end
end

local function ended(loop, fiber, ok, values)
  fiber.state, fiber.ok, fiber.values = "ended", ok, values
  loop.count = loop.count - 1
  for _, waiter in ipairs(fiber.waiters) do loop:wake(waiter) end
  if fiber.on_end then fiber.on_end(fiber) end
end

-- Ends a fiber where it waits; false if it has ended.
function Loop:kill(fiber)
  if fiber.state == "ended" or fiber == self.current then return false end
  if fiber.state == "parked" then self.parked = self.parked - 1 end
  forget(self.ready, fiber)
  forget(self.sleeping, fiber)
  close(fiber.co)
  ended(self, fiber, false, pack("killed"))
  return true
end

-- The running fiber ends here, without an error that anybody could catch.
function Loop:leave()
  self.current.leaving = true
  yield(PARK)
end

local function step(loop, fiber)
  local before = loop.current
  loop.current, fiber.state = fiber, "running"
  local result = pack(resume(fiber.co))
  loop.current = before
  if fiber.leaving and status(fiber.co) ~= "dead" then
    ended(loop, fiber, true, pack())
  elseif status(fiber.co) == "dead" then
    if not result[1] then error(result[2], 0) end -- not even its error could be kept
    if result[2] then return ended(loop, fiber, true, pack(unpack(result, 3, result.n))) end
    fiber.error = result[3] -- with its place
    ended(loop, fiber, false, pack(fiber.error.reason))
    if fiber.caught then return end
    if not loop.on_error then error(fiber.error, 0) end
    loop.on_error(fiber, fiber.error)
  elseif result[2] ~= PARK then
    error("a fiber yielded outside of a coroutine of its own", 0)
  end
end

-- The next fiber of those that are ready.
local function pick(loop)
  local ready = loop.ready
  if #ready == 1 then return table.remove(ready) end
  local names = {}
  for i, fiber in ipairs(ready) do names[i] = fiber.name end
  local name = lockstep.choose(names)
  for i, fiber in ipairs(ready) do
    if fiber.name == name then return table.remove(ready, i) end
  end
end

local function wake_due(loop)
  local now, due = lockstep.now(), {}
  for _, fiber in ipairs(loop.sleeping) do
    if fiber.deadline <= now then due[#due + 1] = fiber end
  end
  for _, fiber in ipairs(due) do loop:wake(fiber, nil, "timeout") end
end

local function wait_for_time(loop)
  local first = math.huge
  for _, fiber in ipairs(loop.sleeping) do first = math.min(first, fiber.deadline) end
  local ms = first - lockstep.now()
  if ms > 0 then lockstep.sleep(ms) end
  wake_due(loop)
end

-- A fiber, those that it starts and runs first, and then itself again.
local function run_ready(loop, fiber)
  local back = {}
  while fiber do
    if fiber.state ~= "ended" then step(loop, fiber) end
    local handed = loop.handed
    if handed then
      loop.handed, back[#back + 1] = nil, fiber
      fiber = handed
    else
      fiber = table.remove(back)
    end
  end
end

-- Runs until nobody is left, or done() says so. Where all wait for each other it waits for ever, as they do.
function Loop:run(done)
  while self.count > 0 and not (done and done()) do
    if #self.ready > 0 then
      run_ready(self, pick(self))
    elseif #self.sleeping > 0 then
      wait_for_time(self)
    else
      lockstep.recv_first({ "lockstep.fibers", "never" })
    end
  end
end

-- ---- coroutines of the program's own ----
-- In one of them a fiber waits as well: what it yields for the loop goes through to it.

fibers.coroutine = {}
for name, f in pairs(coroutine) do fibers.coroutine[name] = f end

local function through(co, ...)
  local result = pack(resume(co, ...))
  while result[1] and result[2] == PARK and status(co) ~= "dead" do
    yield(PARK)
    result = pack(resume(co))
  end
  return unpack(result, 1, result.n)
end
fibers.coroutine.resume = through
function fibers.coroutine.wrap(f)
  local co = create(f)
  local function results(ok, ...)
    if not ok then error((...), 0) end
    return ...
  end
  return function(...) return results(through(co, ...)) end
end

-- Whether the coroutine that runs is a fiber, or nil.
function fibers.is_fiber(loop) return loop.current ~= nil and loop.current.co == running() end

return fibers
