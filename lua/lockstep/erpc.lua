-- erpc: runs a function in a fresh process on a node and raises here what it raised there.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"

local erpc = {}

-- The answer travels as the exit reason, as in OTP: one signal, whatever happens. An orderly one, since nobody is there to
-- see it after a timeout.
local function answer(...) lockstep.exit({ "shutdown", { "$erpc", table.pack(...) } }) end
local function run(f, args)
  local results = table.pack(xpcall(f, lockstep.exception, table.unpack(args)))
  if results[1] then answer("return", table.unpack(results, 2, results.n)) end
  local e = results[2]
  answer(e.class, e.reason, { e.where })
end

-- (node, fn [, timeout]) or (node, module, name, args [, timeout]): function, arguments, time limit
function erpc.target(what, node, m, f, a, timeout)
  if type(node) ~= "string" then gen.misuse(what, 1, "a node, which is a string,", node) end
  if type(m) == "function" then return m, {}, f end
  if type(m) ~= "table" then gen.misuse(what, 2, "a function, or a module, which is a table of functions,", m) end
  if type(f) ~= "string" then gen.misuse(what, 3, "a function's name", f) end
  if a ~= nil and type(a) ~= "table" then gen.misuse(what, 4, "a list of arguments", a) end
  return m[f] or gen.undef("this call", f, a and #a or 0), a or {}, timeout
end

-- A monitored process on the node, or nil if it cannot be reached.
local function spawn_there(node, ...)
  if node == lockstep.node() then return lockstep.spawn_monitor(...) end
  local cluster = lockstep.cluster
  if not cluster then return nil end
  local ok, pid, ref = pcall(cluster.spawn_monitor, node, ...)  -- fails for a node that never was
  if ok then return pid, ref end
end

-- A request under way: {pid, ref}, with ref nil if there was no connection.
function erpc.send_request(node, m, f, a)
  local fn, args = erpc.target("send_request", node, m, f, a)
  local pid, ref = spawn_there(node, run, fn, args)
  return { pid or false, ref or false }
end

-- kind ("return", "error", "exit", "throw", "signal", "timeout", "noconnection"), then what belongs to it
function erpc.wait(request, timeout)
  local ref = request[2]
  if not ref then return "noconnection" end
  local m = lockstep.recv_first({ "DOWN", ref, lockstep.any, lockstep.any, lockstep.any }, timeout)
  if not m then
    lockstep.demonitor(ref, { flush = true })
    return "timeout"
  end
  local reason = m[5]
  if type(reason) == "table" and type(reason[2]) == "table" and reason[2][1] == "$erpc" then
    return table.unpack(reason[2][2], 1, reason[2][2].n)
  end
  if reason == "noconnection" then return "noconnection" end
  return "signal", reason
end

local function deliver(kind, ...)
  if kind == "return" then return ... end
  local reason, stack = ...
  if kind == "error" then lockstep.error({ "exception", reason, stack }) end
  if kind == "throw" then lockstep.throw(reason) end
  if kind == "exit" then lockstep.exit({ "exception", reason }) end
  if kind == "signal" then lockstep.exit({ "signal", reason }) end
  lockstep.error({ "erpc", kind })
end

-- call(node, fn [, timeout]), call(node, module, name, args [, timeout])
function erpc.call(node, m, f, a, timeout)
  local fn, args, limit = erpc.target("call", node, m, f, a, timeout)
  limit = gen.check_timeout(limit == nil and "infinity" or limit, "call", type(m) == "function" and 3 or 5)
  local pid, ref = spawn_there(node, run, fn, args)
  return deliver(erpc.wait({ pid, ref }, limit))
end

function erpc.receive_response(request, timeout) return deliver(erpc.wait(request, timeout or "infinity")) end

function erpc.cast(node, m, f, a)
  local fn, args = erpc.target("cast", node, m, f, a)
  if node == lockstep.node() then
    lockstep.spawn(fn, table.unpack(args))
  elseif lockstep.cluster then
    pcall(lockstep.cluster.spawn, node, fn, table.unpack(args))
  end
  return "ok"
end
function erpc.multicast(nodes, m, f, a)
  for _, node in ipairs(nodes) do erpc.cast(node, m, f, a) end
  return "ok"
end

-- One entry for each node, in order: {"ok", V}, {"throw", T}, {"exit", {"exception", R}}, {"error", {"exception", R, Stack}},
-- {"exit", {"signal", R}}, {"error", {"erpc", Why}}.
function erpc.multicall(nodes, m, f, a, timeout)
  local limit = type(m) == "function" and f or timeout
  if limit == nil then limit = "infinity" end
  local requests, results = {}, {}
  for i, node in ipairs(nodes) do
    local fn, args = erpc.target("multicall", node, m, f, a)
    local pid, ref = spawn_there(node, run, fn, args)
    requests[i] = { pid or false, ref or false }
  end
  local began = lockstep.now()
  for i, request in ipairs(requests) do
    local left = limit == "infinity" and limit or math.max(0, began + limit - lockstep.now())
    local kind, reason, stack = erpc.wait(request, left)
    if kind == "return" then
      results[i] = { "ok", reason }
    elseif kind == "throw" then
      results[i] = { "throw", reason }
    elseif kind == "exit" then
      results[i] = { "exit", { "exception", reason } }
    elseif kind == "error" then
      results[i] = { "error", { "exception", reason, stack } }
    elseif kind == "signal" then
      results[i] = { "exit", { "signal", reason } }
    else
      results[i] = { "error", { "erpc", kind } }
    end
  end
  return results
end

return erpc
