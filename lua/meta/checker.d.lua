---@meta lockstep.checker

---@alias lockstep.checker.source lockstep.history.handle|lockstep.history.event[]
---@alias lockstep.checker.model string|lockstep.model.definition

---@class lockstep.checker.options
---@field nodes? integer
---@field unknown? "fail"|"pass"

---@class lockstep.checker
---@field properties string[]
local checker = {}

---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param property? string
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.check(h, model, property, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param property? string
---@param options? lockstep.checker.options
---@return "valid"|"invalid"|"unknown"
---@return integer[]|string
function checker.verdict(h, model, property, options) end
---@param h lockstep.checker.source
---@param model string
---@param options? lockstep.checker.options
---@return string[]
function checker.strongest(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.model.definition
---@return true
function checker.test_model(h, model) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.linearizable(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.sequential(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.causal(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.causal_cc(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.causal_cm(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.causal_ccv(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.causal_projection(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.read_committed(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.read_atomic(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.causal_txn(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.prefix(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.snapshot_isolation(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.serializable(h, model, options) end
---@param h lockstep.checker.source
---@param model lockstep.checker.model
---@param options? lockstep.checker.options
---@return "valid"|"unknown"
---@return integer[] order
function checker.strict_serializable(h, model, options) end
