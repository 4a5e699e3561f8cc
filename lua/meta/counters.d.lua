---@meta lockstep.counters

--- Arrays of signed 64-bit counters. Each call is one operation on one slot; adds commute. See lua/docs/counters.md.
---@class lockstep.counters
local counters = {}

---@param size integer
---@param options? ("atomics"|"write_concurrency")[]
---@return lightuserdata
function counters.new(size, options) end

---@param ref lightuserdata
---@param index integer
---@return integer
function counters.get(ref, index) end

---@param ref lightuserdata
---@param index integer
---@param value integer
---@return "ok"
function counters.put(ref, index, value) end

---@param ref lightuserdata
---@param index integer
---@param n integer
---@return "ok"
function counters.add(ref, index, n) end

---@param ref lightuserdata
---@param index integer
---@param n integer
---@return "ok"
function counters.sub(ref, index, n) end

---@param ref lightuserdata
---@return { size: integer, memory: integer }
function counters.info(ref) end

return counters
