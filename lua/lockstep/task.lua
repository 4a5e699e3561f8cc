-- task: a process that computes one value for its owner.
--
-- The result is the message {ref, value}, then DOWN normal. {ok, V} is returned as V, {exit, R} as nil, {"exit", R}, and
-- a time that is up as nil, "timeout".
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local recv_first, demonitor, any, one_of = lockstep.recv_first, lockstep.demonitor, lockstep.any, lockstep.one_of

local task = {}

local FLUSH = { flush = true }
local ALIAS = { alias = "demonitor" }

local function check_function(fn, what, position)
  if type(fn) ~= "function" then gen.misuse(what, position, "a function", fn) end
end

-- What a started process does: waits to be told by its owner where the result goes. A task that is not linked also watches
-- the owner meanwhile. Without Elixir's limit of 5 s: if the owner is gone, the link or the monitor says so.
function task.reply(owner, watch, fn, ...)
  local told = { "$task", owner, any }
  local m
  if watch then
    local ref = lockstep.monitor(owner)
    m = recv_first({ one_of, told, { "DOWN", ref, any, any, any } })
    demonitor(ref, FLUSH)
    if m[1] == "DOWN" then lockstep.exit({ "shutdown", m[5] }) end
  else
    m = recv_first(told)
  end
  lockstep.send(m[3], { m[3], (fn(...)) })
end

-- The owner's half: watches the process and tells it where to send the result.
function task.own(pid)
  local ref = lockstep.monitor(pid, ALIAS)
  local self = lockstep.self()
  lockstep.send(pid, { "$task", self, ref })
  return { pid = pid, ref = ref, owner = self }
end

-- async(fn, ...): runs fn(...) in a linked process. A task: {pid, ref, owner}.
function task.async(fn, ...)
  check_function(fn, "async", 1)
  return task.own(lockstep.spawn_link(task.reply, lockstep.self(), false, fn, ...))
end

-- start(fn, ...), start_link(fn, ...): for its effects; nothing is sent back.
function task.start(fn, ...)
  check_function(fn, "start", 1)
  return lockstep.spawn(fn, ...)
end
function task.start_link(fn, ...)
  check_function(fn, "start_link", 1)
  return lockstep.spawn_link(fn, ...)
end
function task.child_spec(fn) return { id = "task", start = { task, "start_link", { fn } }, restart = "temporary" } end

local function own(t, what)
  if type(t) ~= "table" or not lockstep.is_ref(t.ref) then gen.misuse(what, 1, "a task", t) end
  if t.owner ~= lockstep.self() then
    lockstep.error({ "ArgumentError", "task must be queried from the owner but was queried from another process" })
  end
end

local function either(t) return gen.answered_or_down(t.ref, t.ref) end

-- Why there is no result: a lost connection is named by the node.
local function reason_of(down)
  if down[5] == "noconnection" then return { "nodedown", lockstep.node(down[4]) } end
  return down[5]
end
-- yield, yield_many, shutdown and ignore give {"exit", reason}, but a lost connection is an exit of the caller.
local function exit_of(down, what, ...)
  if down[5] == "noconnection" then lockstep.exit({ reason_of(down), { "Task", what, { ... } } }) end
  return { "exit", down[5] }
end

-- await(t, timeout = 5000): the result. Exits {reason, {"Task", "await", {t, timeout}}} if there is none.
function task.await(t, timeout)
  own(t, "await")
  timeout = gen.check_timeout(timeout == nil and 5000 or timeout, "await", 2)
  local m = recv_first(either(t), timeout)
  local why = "timeout"
  if m then
    if m[1] == t.ref then
      demonitor(t.ref, FLUSH)
      return m[2]
    end
    why = reason_of(m)
  else
    demonitor(t.ref, FLUSH)
  end
  lockstep.exit({ why, { "Task", "await", { t, timeout } } })
end

-- The results of all, in their order, within one time limit. The first that ends without one is the end of it.
function task.await_many(tasks, timeout)
  timeout = gen.check_timeout(timeout == nil and 5000 or timeout, "await_many", 2)
  for _, t in ipairs(tasks) do own(t, "await_many") end
  local began, results = lockstep.now(), {}
  local waiting = table.move(tasks, 1, #tasks, 1, {})
  while #waiting > 0 do
    local patterns = { one_of }
    for i, t in ipairs(waiting) do table.move(either(t), 2, 4, 3 * i - 1, patterns) end
    local left = timeout == "infinity" and timeout or math.max(0, began + timeout - lockstep.now())
    local m = recv_first(patterns, left)
    if not m or m[1] == "DOWN" then
      for _, t in ipairs(waiting) do demonitor(t.ref, FLUSH) end
      lockstep.exit({ m and reason_of(m) or "timeout", { "Task", "await_many", { tasks, timeout } } })
    end
    for i, t in ipairs(tasks) do
      if t.ref == m[1] then results[i] = m[2] end
    end
    for i, t in ipairs(waiting) do
      if t.ref == m[1] then
        table.remove(waiting, i)
        break
      end
    end
    demonitor(m[1], FLUSH)
  end
  return results
end

-- yield(t, timeout = 5000): the value; nil, {"exit", reason}; or nil, "timeout", and one may ask again.
function task.yield(t, timeout)
  own(t, "yield")
  timeout = gen.check_timeout(timeout == nil and 5000 or timeout, "yield", 2)
  local m = recv_first(either(t), timeout)
  if not m then return nil, "timeout" end
  if m[1] == t.ref then
    demonitor(t.ref, FLUSH)
    return m[2]
  end
  return nil, exit_of(m, "yield", t, timeout)
end

-- {{t, {"ok", value}} or {t, {"exit", reason}} or {t} ...}
function task.yield_many(tasks, timeout)
  timeout = gen.check_timeout(timeout == nil and 5000 or timeout, "yield_many", 2)
  for _, t in ipairs(tasks) do own(t, "yield_many") end
  local began, results = lockstep.now(), {}
  for i, t in ipairs(tasks) do
    local left = timeout == "infinity" and timeout or math.max(0, began + timeout - lockstep.now())
    local m = recv_first(either(t), left)
    if not m then
      results[i] = { t }
    elseif m[1] == "DOWN" then
      results[i] = { t, exit_of(m, "yield_many", tasks, timeout) }
    else
      demonitor(t.ref, FLUSH)
      results[i] = { t, { "ok", m[2] } }
    end
  end
  return results
end

local function flush_reply(t)
  demonitor(t.ref, FLUSH)
  return recv_first(gen.answered(t.ref), 0)
end

-- shutdown(t, timeout = 5000 or "brutal_kill"): the value if it had been sent; nil if the task ended by this; or nil,
-- {"exit", reason}.
function task.shutdown(t, timeout)
  own(t, "shutdown")
  if timeout == nil then timeout = 5000 end
  local brutal = timeout == "brutal_kill"
  if not brutal then gen.check_timeout(timeout, "shutdown", 2) end
  local mon = lockstep.monitor(t.pid)
  lockstep.unlink(t.pid)
  lockstep.exit(t.pid, brutal and "kill" or "shutdown")
  local m = recv_first({ "DOWN", mon, any, any, any }, brutal and "infinity" or timeout)
  local forced = not m
  if forced then
    lockstep.exit(t.pid, "kill")
    m = recv_first({ "DOWN", mon, any, any, any })
  end
  local reason = m[5]
  if reason == "noproc" then  -- it had ended before: its own DOWN knows how, unless it was consumed
    local reply = recv_first(gen.answered(t.ref), 0)
    local down = recv_first({ "DOWN", t.ref, any, any, any }, 0)
    demonitor(t.ref, FLUSH)
    if reply then return reply[2] end
    if down then reason = down[5] end
    if reason == (brutal and "killed" or "shutdown") then return nil end
    return nil, exit_of(down or m, "shutdown", t, timeout)
  end
  local reply = flush_reply(t)
  if reply then return reply[2] end
  if reason == "killed" and brutal or reason == "shutdown" and not brutal then return nil end
  return nil, exit_of(m, "shutdown", t, timeout)
end

-- ignore(t): the task goes on, its result is dropped. The value if it is there already.
function task.ignore(t)
  own(t, "ignore")
  local m = recv_first(either(t), 0)
  if m and m[1] == "DOWN" then return nil, exit_of(m, "ignore", t) end
  lockstep.unlink(t.pid)
  demonitor(t.ref, FLUSH)
  return m and m[2]
end

-- ---- streams ----

local STREAM = { max_concurrency = 8, ordered = true, timeout = 5000, on_timeout = "exit", shutdown = 5000,
  zip_input_on_exit = false }

-- An iterator over {"ok", value} and {"exit", reason}: fn runs on each element in a process of its own. `launch` starts
-- one and returns the task.
function task.stream(launch, list, fn, options, what, position)
  if type(list) ~= "table" then gen.misuse(what, position, "a list", list) end
  check_function(fn, what, position + 1)
  options = gen.options(options, STREAM, what, position + 2)
  local limit = options.max_concurrency or STREAM.max_concurrency
  if math.type(limit) ~= "integer" or limit < 1 then gen.misuse(what, position + 2, "max_concurrency of 1 or more", limit) end
  local ordered = options.ordered ~= false
  local timeout = gen.check_timeout(options.timeout == nil and STREAM.timeout or options.timeout, what, position + 2)
  local kill = options.on_timeout == "kill_task"
  -- running: {task, index, deadline, result} in order of start; results: by index, or in order of completion
  local running, results, delivered, ready, started = {}, {}, 0, 0, 0

  local function finish(i, result)
    if options.zip_input_on_exit and result[1] == "exit" then result = { "exit", { list[i], result[2] } } end
    if ordered then
      results[i] = result
    else
      ready = ready + 1
      results[ready] = result
    end
  end
  local function fill()
    while #running < limit and started < #list do
      started = started + 1
      running[#running + 1] = { task = launch(fn, list[started]), index = started,
        deadline = timeout ~= "infinity" and lockstep.now() + timeout }
    end
  end
  local function step()
    local patterns, first = { one_of }, nil
    for _, r in ipairs(running) do
      patterns[#patterns + 1] = { r.task.ref, any }
      patterns[#patterns + 1] = { r.task.ref }
      patterns[#patterns + 1] = { "DOWN", r.task.ref, any, any, any }
      patterns[#patterns + 1] = { "EXIT", r.task.pid, any }  -- comes before it, to who traps, and is not told
      if r.deadline and not r.done and (not first or r.deadline < first) then first = r.deadline end
    end
    local m = recv_first(patterns, first and math.max(0, first - lockstep.now()) or "infinity")
    for i = #running, 1, -1 do
      local r = running[i]
      if not m then
        if not r.done and r.deadline <= lockstep.now() then
          if not kill then
            for _, other in ipairs(running) do
              lockstep.unlink(other.task.pid)
              lockstep.exit(other.task.pid, "kill")
              demonitor(other.task.ref, FLUSH)
              recv_first(gen.answered(other.task.ref), 0)
            end
            lockstep.exit({ "timeout", { "Task.Supervised", "stream", { timeout } } })
          end
          lockstep.unlink(r.task.pid)
          lockstep.exit(r.task.pid, "kill")
          r.done = true
          finish(r.index, { "exit", "timeout" })
        end
      elseif m[1] == r.task.ref then
        if not r.done then
          r.done = true
          finish(r.index, { "ok", m[2] })
        end
        return
      elseif m[2] == r.task.ref then
        if not r.done then finish(r.index, { "exit", m[5] }) end
        table.remove(running, i)  -- it holds its place until it is gone
        return
      end
    end
  end
  -- Who leaves the loop early ends the tasks that are left, and hears no more of them.
  local function leave()
    for _, r in ipairs(running) do
      lockstep.unlink(r.task.pid)
      lockstep.exit(r.task.pid, "kill")
      demonitor(r.task.ref, FLUSH)
      recv_first({ one_of, { r.task.ref, any }, { r.task.ref } }, 0)
      recv_first({ "EXIT", r.task.pid, any }, 0)
    end
    running, started = {}, #list
  end
  return function()
    while true do
      fill()
      local result = results[delivered + 1]
      if result then
        delivered = delivered + 1
        results[delivered] = false
        return result
      end
      if #running == 0 then return nil end
      step()
    end
  end, nil, nil, setmetatable({}, { __close = leave })
end

-- for result in task.async_stream(list, fn, {max_concurrency, ordered, timeout, on_timeout, zip_input_on_exit}) do ... end
function task.async_stream(list, fn, options)
  return task.stream(task.async, list, fn, options, "async_stream", 1)
end

-- All of an iterator's results as a list.
function task.collect(iterator)
  local list = {}
  for result in iterator do list[#list + 1] = result end
  return list
end

return task
