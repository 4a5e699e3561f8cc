---@meta lockstep.fibers

--- Light threads inside one process. See lua/docs/fibers.md.
---@class lockstep.fibers
---@field coroutine table coroutine, through which a fiber can wait
local fibers = {}

---@class lockstep.fiber
---@field name string
---@field state "ready"|"running"|"parked"|"ended"|"handing over"
---@field ok? boolean of one that has ended: without an error
---@field values? table what it returned, with n; or the reason of its error
---@field error? table its error, as lockstep.exception makes it

---@class lockstep.loop
---@field spawn fun(self, name: string, f: fun(...), ...): lockstep.fiber
---@field run fun(self, done?: fun(): boolean)
---@field self fun(self): lockstep.fiber?
---@field sleep fun(self, ms: integer)
---@field pause fun(self)
---@field park fun(self, ms?: integer): ... what wake was given, or nil, "timeout"
---@field wake fun(self, fiber: lockstep.fiber, ...): boolean
---@field wait_any fun(self, fibers: lockstep.fiber[]): lockstep.fiber
---@field run_first fun(self, fiber: lockstep.fiber)
---@field kill fun(self, fiber: lockstep.fiber): boolean
---@field leave fun(self)

---@param on_error? fun(fiber: lockstep.fiber, error: any)
---@return lockstep.loop
function fibers.new(on_error) end

---@param loop lockstep.loop
---@return boolean? # whether the coroutine that runs is its fiber
function fibers.is_fiber(loop) end

return fibers
