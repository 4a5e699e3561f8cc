-- The supervised worker of the supervisor cases, and the log it reports to.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local supervisor = require "lockstep.supervisor"
local any = lockstep.any

local worker = {}

-- A synchronous log: who reports goes on when the report is stored.
function worker.logger()
  return lockstep.spawn(function()
    local stored, waiting = {}, {}
    while true do
      if stored[1] and waiting[1] then
        local w = table.remove(waiting, 1)
        lockstep.send(w[1], { w[2], table.remove(stored, 1) })
      else
        local m = lockstep.recv()
        if m[1] == "rep" then
          lockstep.send(m[2], { m[3], "ok" })
          stored[#stored + 1] = m[4]
        elseif m[1] == "nx" then
          waiting[#waiting + 1] = { m[2], m[3] }
        else
          lockstep.send(m[2], { m[3], stored })
          stored = {}
        end
      end
    end
  end)
end
local function ask(log, what, report)
  local ref = lockstep.make_ref()
  lockstep.send(log, { what, lockstep.self(), ref, report })
  return lockstep.recv_first({ ref, any })[2]
end
function worker.report(log, x) ask(log, "rep", x) end
function worker.next(log) return ask(log, "nx") end
function worker.all(log) return ask(log, "all") end

local function body(ack, parent, log, name, opts)
  lockstep.flag("trap_exit", opts.trap or false)
  worker.report(log, { "started", name })
  ack(true, lockstep.self())
  while true do
    local m = lockstep.recv()
    if type(m) ~= "table" then
      if m == "stop" then return end
    elseif m[1] == "EXIT" and m[2] == parent then
      if opts.stubborn then
        worker.report(log, { "ignoring", name })
      else
        worker.report(log, { "stopped", name, m[3] })
        lockstep.exit(m[3])
      end
    elseif m[1] == "exit" then
      lockstep.exit(m[2])
    end
  end
end

function worker.start(log, name, opts)
  opts = opts or {}
  if opts.fail then
    worker.report(log, { "failing", name })
    return nil, opts.fail
  end
  if opts.ignore then return "ignore" end
  return gen.start("link", "infinity", body, log, name, opts)
end

function worker.spec(log, name, extra, opts)
  local spec = { id = name, start = { worker, "start", { log, name, opts or {} } } }
  for k, v in pairs(extra or {}) do spec[k] = v end
  return spec
end

-- A supervisor's callback module: what it is started with is what init returns.
function worker.init(argument)
  if argument == "ignore" then return "ignore" end
  if argument == "foo" then return "foo" end
  return "ok", argument
end

function worker.sup_link(flags, children) return supervisor.start_link(worker, { flags, children }) end
function worker.sup(flags, children)
  local s = worker.sup_link(flags, children)
  lockstep.unlink(s)
  return s
end

function worker.kid(s, id)
  for _, c in ipairs(supervisor.which_children(s)) do
    if c[1] == id then return c[2] end
  end
end
function worker.kids(s)
  local list = {}
  for i, c in ipairs(supervisor.which_children(s)) do
    list[i] = { c[1], lockstep.is_pid(c[2]) and "pid" or c[2], c[3] }
  end
  return list
end

return worker
