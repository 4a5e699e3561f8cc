---@meta lockstep.cluster

---@class lockstep.cluster
local cluster = {}

---@param names string|string[]
---@return string|string[] names
function cluster.start_nodes(names) end
---@param name string
---@return string name
function cluster.start_node(name) end
---@param name string
---@return true
function cluster.stop_node(name) end
---@param node string
---@param fn function
---@param ... any
---@return lockstep.pid
function cluster.spawn(node, fn, ...) end
---@param node string
---@param fn function
---@param ... any
---@return lockstep.pid
function cluster.spawn_link(node, fn, ...) end
---@param node string
---@param fn function
---@param ... any
---@return lockstep.pid
---@return lockstep.ref
function cluster.spawn_monitor(node, fn, ...) end
---@param node string
---@param fn function
---@param ... any
---@return any ...
function cluster.run(node, fn, ...) end
---@param a string|string[]
---@param b string|string[]
---@param options? {mode: "drop"|"defer", asymmetric: boolean}
---@return true
function cluster.partition(a, b, options) end
---@return true
function cluster.heal() end
---@param ms integer
---@return true
function cluster.set_net_ticktime(ms) end
---@param node string
---@param on boolean
---@return true
function cluster.monitor_node(node, on) end
---@param on boolean
---@return "ok"
function cluster.monitor_nodes(on) end
---@return string[]
function cluster.nodes() end
---@return string[]
function cluster.nodes_up() end
---@param pid? lockstep.pid
---@return string
function cluster.node_of(pid) end
---@param options {loss: integer, duplicate: integer, crash: lockstep.pid[], crashes: integer, crash_nodes: string[], node_crashes: integer}
---@return true
function cluster.faults(options) end

return cluster
