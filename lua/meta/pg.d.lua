---@meta lockstep.pg

---@class lockstep.pg
local pg = {}

---@param scope? string
---@return lockstep.pid|nil
---@return any reason
function pg.start_link(scope) end
---@param scope? string
---@return lockstep.pid|nil
---@return any reason
function pg.start(scope) end
---@param ... any [scope,] group, pid or list
---@return "ok"
function pg.join(...) end
---@param ... any [scope,] group, pid or list
---@return "ok"|"not_joined"
function pg.leave(...) end
---@param ... any [scope,] group
---@return lockstep.pid[]
function pg.get_members(...) end
---@param ... any [scope,] group
---@return lockstep.pid[]
function pg.get_local_members(...) end
---@param scope? string
---@return any[]
function pg.which_groups(scope) end
---@param ... any [scope,] group
---@return lockstep.ref
---@return lockstep.pid[]
function pg.monitor(...) end
---@param scope? string
---@return lockstep.ref
---@return table[]
function pg.monitor_scope(scope) end
---@param ... any [scope,] ref
---@return "ok"|false
function pg.demonitor(...) end

return pg
