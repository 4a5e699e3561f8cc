-- proc_lib: processes that say themselves when they have started, for those that are no behaviour.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"

local proc_lib = {}

local ACK = "$init_ack"  -- in the dictionary of such a process, as OTP has its ancestors there

local function initialised(ack, _, fn, arguments)
  lockstep.put(ACK, ack)
  return fn(table.unpack(arguments, 1, arguments.n))
end

local function started(what, link, fn, arguments, timeout)
  if type(fn) ~= "function" then error(("bad argument #1 to '%s' (a function expected, got %s)"):format(what, type(fn)), 3) end
  if arguments ~= nil and type(arguments) ~= "table" then
    error(("bad argument #2 to '%s' (a list of arguments expected, got %s)"):format(what, type(arguments)), 3)
  end
  timeout = gen.check_timeout(timeout == nil and "infinity" or timeout, what, 3)
  local list = table.pack(table.unpack(arguments or {}))
  return gen.start(link, timeout, initialised, fn, list)
end

-- What fn's init_ack said; nil and the reason if it ended or failed before, nil and "timeout" if it took too long.
function proc_lib.start(fn, arguments, timeout) return started("start", "nolink", fn, arguments, timeout) end
function proc_lib.start_link(fn, arguments, timeout) return started("start_link", "link", fn, arguments, timeout) end
function proc_lib.start_monitor(fn, arguments, timeout) return started("start_monitor", "monitor", fn, arguments, timeout) end

local function ack_of(what)
  return lockstep.get(ACK) or error(("'%s' is for a process that proc_lib started"):format(what), 3)
end

-- Lets the starter go on, whose start returns `value`: the pid, unless it is given.
function proc_lib.init_ack(value)
  local ack = ack_of("init_ack")
  if value == nil then value = lockstep.self() end
  ack(true, value)
end

-- The starter gets nil and the reason, and the process ends with it.
function proc_lib.init_fail(reason)
  ack_of("init_fail")(false, reason)
  lockstep.exit(reason)
end

return proc_lib
