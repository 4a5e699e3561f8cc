---@meta lockstep.model

---@class lockstep.model.op
---@field f string
---@field value? any
---@field key? any
---@field ok boolean
---@field result? any
---@field process? integer

---@class lockstep.model.definition
---@field name? string
---@field init any
---@field step fun(state: any, op: lockstep.model.op): any, any
---@field equal? fun(a: any, b: any): boolean
---@field readonly? string[]|fun(op: lockstep.model.op): boolean
---@field commutes? string[]|fun(a: lockstep.model.op, b: lockstep.model.op): boolean
---@field partition? "key"|fun(op: lockstep.model.op): any
---@field sees_process? boolean

---@class lockstep.model
---@field names string[]
---@field register string
---@field cas_register string
---@field multi_register string
---@field kv string
---@field queue string
---@field stack string
---@field set string
---@field counter string
---@field lock string
---@field mutex string
---@field txn_register string
---@field list_append string
local model = {}

---@param m lockstep.model.definition
---@return lockstep.model.definition
function model.define(m) end
