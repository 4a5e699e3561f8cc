---@meta lockstep.atomics

--- Arrays of 64-bit integers, shared by whoever has the reference. Each call is one operation on one slot.
--- See lua/docs/atomics.md.
---@class lockstep.atomics
local atomics = {}

---@param size integer
---@param options? any[] # {{"signed", false}} for unsigned values
---@return lightuserdata
function atomics.new(size, options) end

---@param ref lightuserdata
---@param index integer
---@return integer
function atomics.get(ref, index) end

---@param ref lightuserdata
---@param index integer
---@param value integer
---@return "ok"
function atomics.put(ref, index, value) end

---@param ref lightuserdata
---@param index integer
---@param n integer
---@return "ok"
function atomics.add(ref, index, n) end

---@param ref lightuserdata
---@param index integer
---@param n integer
---@return "ok"
function atomics.sub(ref, index, n) end

---@param ref lightuserdata
---@param index integer
---@param n integer
---@return integer # the new value
function atomics.add_get(ref, index, n) end

---@param ref lightuserdata
---@param index integer
---@param n integer
---@return integer # the new value
function atomics.sub_get(ref, index, n) end

---@param ref lightuserdata
---@param index integer
---@param value integer
---@return integer # the old value
function atomics.exchange(ref, index, value) end

---@param ref lightuserdata
---@param index integer
---@param expected integer
---@param desired integer
---@return "ok"|integer # or the value that was there instead
function atomics.compare_exchange(ref, index, expected, desired) end

---@param ref lightuserdata
---@return { size: integer, min: integer, max: integer, memory: integer }
function atomics.info(ref) end

--- The digits of a value that is meant unsigned. Not in OTP.
---@param value integer
---@return string
function atomics.unsigned(value) end

return atomics
