-- Simulated nodes: start them, run code on them, cut and heal the network between them, stop them, and let the explorer
-- break things within a budget.
local lockstep = require "lockstep"
local core = require "lockstep.cluster_core"

local cluster = {}

local function names(value, what)
  if type(value) == "string" then return {value} end
  if type(value) == "table" and #value > 0 then return value end
  error("bad argument to 'cluster." .. what .. "' (a node's name or a list of them expected, got " .. type(value) .. ")", 3)
end

-- start_nodes{"a", "b"}: makes the nodes, all connected to each other; returns the list.
function cluster.start_nodes(list)
  for _, name in ipairs(names(list, "start_nodes")) do core.start(name) end
  if lockstep.global then lockstep.global.boot(names(list, "start_nodes")) end
  return list
end
-- start_node(name): makes a node, or starts a stopped one afresh.
function cluster.start_node(name)
  core.start(name)
  if lockstep.global then lockstep.global.boot({ name }) end
  return name
end
-- stop_node(name): all its processes are gone at once; others see nodedown and noconnection.
cluster.stop_node = core.stop

-- spawn(node, fn, ...) and its linked and monitored forms, as lockstep.spawn on that node.
function cluster.spawn(node, fn, ...) return core.spawn("", node, fn, ...) end
function cluster.spawn_link(node, fn, ...) return core.spawn("link", node, fn, ...) end
function cluster.spawn_monitor(node, fn, ...) return core.spawn("monitor", node, fn, ...) end

-- run(node, fn, ...): the function's results, computed by a process on that node. Raises what it raised; an exit with
-- noconnection if the node cannot be reached.
function cluster.run(node, fn, ...)
  local me, tag = lockstep.self(), lockstep.make_ref()
  local _, ref = core.spawn("monitor", node, function(...)
    local results = table.pack(pcall(fn, ...))
    lockstep.send(me, {tag, results})
  end, ...)
  local message = lockstep.recv_first(function(m)
    return type(m) == "table" and (m[1] == tag or (m[1] == "DOWN" and m[2] == ref))
  end)
  lockstep.demonitor(ref, {flush = true})
  if message[1] ~= tag then lockstep.exit(message[5]) end
  local results = message[2]
  if not results[1] then
    local e = results[2]
    if type(e) == "table" and e.class and e.reason ~= nil then
      if e.class == "exit" then lockstep.exit(e.reason) end
      if e.class == "throw" then lockstep.throw(e.reason) end
      lockstep.error(e.reason)
    end
    error(e, 0)
  end
  return table.unpack(results, 2, results.n)
end

-- partition(a, b, options?): a and b are nodes or lists of nodes; nothing passes between the two groups until heal().
-- options.mode: "drop" (the default; signals are lost, after net_ticktime both sides notice) or "defer" (they wait, nobody
-- notices); options.asymmetric: only signals from a to b are affected.
function cluster.partition(a, b, options)
  options = options or {}
  local mode = options.mode or "drop"
  if mode ~= "drop" and mode ~= "defer" then
    error("bad option 'mode' to 'cluster.partition' (\"drop\" or \"defer\" expected, got " .. tostring(mode) .. ")", 2)
  end
  for key in pairs(options) do
    if key ~= "mode" and key ~= "asymmetric" then
      error("unknown option '" .. tostring(key) .. "' to 'cluster.partition' (mode and asymmetric are known)", 2)
    end
  end
  local back = options.asymmetric and "none" or mode
  for _, x in ipairs(names(a, "partition")) do
    for _, y in ipairs(names(b, "partition")) do
      if x ~= y then core.partition(x, y, mode, back) end
    end
  end
  return true
end
-- heal(): ends all partitions; what was deferred arrives before it returns, connections are restored.
cluster.heal = core.heal
cluster.set_net_ticktime = core.set_net_ticktime
cluster.monitor_node = lockstep.monitor_node
cluster.monitor_nodes = core.monitor_nodes

-- nodes(): all nodes, with "nonode@nohost"; nodes_up(): those that run, without it; node_of(pid?).
function cluster.nodes() return (core.all_nodes()) end
function cluster.nodes_up()
  local _, up = core.all_nodes()
  return up
end
cluster.node_of = lockstep.node

-- faults{loss = n, duplicate = n, crash = {pids}, crashes = n, crash_nodes = {names}, node_crashes = n}: what the explorer
-- may break from here on, each kind at most so many times in one execution (1 unless said otherwise). Messages are lost or
-- doubled between nodes only. Arrivals between nodes are delayed at will anyway, so delay needs no budget.
function cluster.faults(options)
  local known = {loss = true, duplicate = true, crash = true, crashes = true, crash_nodes = true, node_crashes = true}
  for key in pairs(options) do
    if not known[key] then error("unknown option '" .. tostring(key) .. "' to 'cluster.faults'", 2) end
  end
  if options.loss then core.faults("loss", options.loss) end
  if options.duplicate then core.faults("duplicate", options.duplicate) end
  if options.crash then core.faults("crash_process", options.crashes or 1, options.crash) end
  if options.crash_nodes then core.faults("crash_node", options.node_crashes or 1, options.crash_nodes) end
  return true
end

return cluster
