---@meta lockstep.registry

---@class lockstep.registry
local registry = {}

---@param options {keys: "unique"|"duplicate", name: string, listeners: string[], meta: table}
---@return lockstep.pid|nil
---@return any reason
function registry.start_link(options) end
---@param name string
---@param key any
---@param value any
---@return lockstep.pid|nil
---@return any reason
function registry.register(name, key, value) end
---@param name string
---@param key any
---@return "ok"
function registry.unregister(name, key) end
---@param name string
---@param key any
---@param pattern any
---@param guards? any[]
---@return "ok"
function registry.unregister_match(name, key, pattern, guards) end
---@param name string
---@param key any
---@return table[] entries {pid, value}
function registry.lookup(name, key) end
---@param name string
---@param key any
---@param fn fun(entries: table[])
---@return "ok"
function registry.dispatch(name, key, fn) end
---@param name string
---@param key any
---@param fn fun(old: any): any
---@return any new
---@return any old
function registry.update_value(name, key, fn) end
---@param name string
---@param pid lockstep.pid
---@return any[]
function registry.keys(name, pid) end
---@param name string
---@param key any
---@param pid lockstep.pid
---@return any[]
function registry.values(name, key, pid) end
---@param name string
---@return integer
function registry.count(name) end
---@param name string
---@param key any
---@param pattern any
---@param guards? table
---@return table[]
function registry.match(name, key, pattern, guards) end
---@param name string
---@param key any
---@param pattern any
---@param guards? table
---@return integer
function registry.count_match(name, key, pattern, guards) end
---@param name string
---@param specification table
---@return integer
function registry.count_select(name, specification) end
---@param name string
---@param specification table
---@return table
function registry.select(name, specification) end
---@param name string
---@param key any
---@return any value
---@return "error"|nil
function registry.meta(name, key) end
---@param name string
---@param key any
---@param value any
---@return "ok"
function registry.put_meta(name, key, value) end
---@param term table
---@return lockstep.pid|nil
function registry.whereis_name(term) end

return registry
