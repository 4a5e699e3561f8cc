-- rpc: as erpc, but failures are returned: nil, {"badrpc", reason}. What the function throws counts as its value.
local lockstep = require "lockstep"
local gen = require "lockstep.gen"
local erpc = require "lockstep.erpc"

local rpc = {}

-- A value that looks like what `catch` gives is taken for it, as in OTP.
local function value(...)
  local v = ...
  if type(v) == "table" and v[1] == "EXIT" and #v == 2 then return nil, { "badrpc", v } end
  return ...
end
local function answer(kind, ...)
  if kind == "return" then return value(...) end
  if kind == "throw" then return value((...)) end  -- the place behind it is not part of the value
  local reason, stack = ...
  if kind == "error" then return nil, { "badrpc", { "EXIT", { reason, stack } } } end
  if kind == "exit" or kind == "signal" then return nil, { "badrpc", { "EXIT", reason } } end
  if kind == "noconnection" then return nil, { "badrpc", "nodedown" } end
  return nil, { "badrpc", "timeout" }
end

-- call(node, module, name, args [, timeout]) or call(node, fn [, timeout])
function rpc.call(node, m, f, a, timeout)
  local limit = type(m) == "function" and f or timeout
  limit = gen.check_timeout(limit == nil and "infinity" or limit, "call", type(m) == "function" and 3 or 5)
  return answer(erpc.wait(erpc.send_request(node, m, f, a), limit))
end

-- true, whatever happens
function rpc.cast(node, m, f, a)
  erpc.cast(node, m, f, a)
  return true
end

-- A key for yield and nb_yield.
function rpc.async_call(node, m, f, a) return erpc.send_request(node, m, f, a) end
function rpc.yield(key) return answer(erpc.wait(key, "infinity")) end
-- nil, "timeout" if there is no answer yet; one may ask again.
function rpc.nb_yield(key, timeout)
  local ref = key[2]
  if ref then
    local m = lockstep.recv_first({ "DOWN", ref, lockstep.any, lockstep.any, lockstep.any }, timeout or 0)
    if not m then return nil, "timeout" end
    lockstep.send(lockstep.self(), m)  -- read again below
  end
  return answer(erpc.wait(key, "infinity"))
end

-- {result ...} in the order of the nodes, {bad node ...}
function rpc.multicall(nodes, m, f, a, timeout)
  local limit = type(m) == "function" and f or timeout
  if limit == nil then limit = "infinity" end
  local requests, results, bad = {}, {}, {}
  for i, node in ipairs(nodes) do requests[i] = erpc.send_request(node, m, f, a) end
  local began, n = lockstep.now(), 0
  for i, node in ipairs(nodes) do
    local left = limit == "infinity" and limit or math.max(0, began + limit - lockstep.now())
    local value, failed = answer(erpc.wait(requests[i], left))
    if value ~= nil or type(failed) ~= "table" or failed[1] ~= "badrpc" then failed = nil end
    if failed and (failed[2] == "nodedown" or failed[2] == "timeout") then
      bad[#bad + 1] = node
    else
      n = n + 1
      results[n] = failed or value  -- nil keeps its place, too
    end
  end
  return results, bad
end

-- To the processes with this name on the nodes.
function rpc.abcast(nodes, name, message)
  if message == nil then
    nodes, name, message = { lockstep.node(), table.unpack(lockstep.nodes()) }, nodes, name
  end
  for _, node in ipairs(nodes) do
    pcall(lockstep.send, node == lockstep.node() and name or { name, node }, message)
  end
  return "abcast"
end

return rpc
