---@meta lockstep.persistent_term

--- Terms of a node, by key, that outlive the processes that put them. See lua/docs/persistent_term.md.
---@class lockstep.persistent_term
local persistent_term = {}

---@param key any
---@param value any
---@return "ok"
function persistent_term.put(key, value) end

--- badarg if another value is there (OTP 28).
---@param key any
---@param value any
---@return "ok"
function persistent_term.put_new(key, value) end

--- Without arguments all {key, value} pairs, by key. A missing key without a default is badarg.
---@param key? any
---@param default? any
---@return any
function persistent_term.get(key, default) end

---@param key any
---@return boolean # whether it was there
function persistent_term.erase(key) end

---@return { count: integer, memory: integer }
function persistent_term.info() end

return persistent_term
