-- checker: does a history satisfy a property? A violation ends the execution with a failure of its own kind,
-- not_linearizable, whose report says which operations cannot be explained and why.
--
-- Each function takes a history (or a list of events as history.events returns it), a model (the name of a built-in one, or
-- what model.define made) and options: nodes, how far to search at most (a million); unknown = "pass" to go on without a
-- verdict where that was not enough, which else is an error.
local core = require "lockstep.checker_core"

local checker = {
  check = core.check, -- check(h, model, property, options): "valid", the order as indices of invocations
  verdict = core.verdict, -- the same without ending: "valid", order; "invalid", why; "unknown"
  strongest = core.strongest, -- strongest(h, model, options): names of the strongest properties that hold
  test_model = core.test_model, -- test_model(h, model): true, or raises where a declaration of the model is wrong
}
checker.properties = select(2, core.names())

function checker.linearizable(h, model, options) return core.check(h, model, "linearizable", options) end
function checker.sequential(h, model, options) return core.check(h, model, "sequential", options) end
function checker.causal(h, model, options) return core.check(h, model, "causal-cm", options) end
function checker.causal_cc(h, model, options) return core.check(h, model, "causal-cc", options) end
function checker.causal_cm(h, model, options) return core.check(h, model, "causal-cm", options) end
function checker.causal_ccv(h, model, options) return core.check(h, model, "causal-ccv", options) end
function checker.causal_projection(h, model, options) return core.check(h, model, "causal-projection", options) end
function checker.read_committed(h, model, options) return core.check(h, model, "read-committed", options) end
function checker.read_atomic(h, model, options) return core.check(h, model, "read-atomic", options) end
function checker.causal_txn(h, model, options) return core.check(h, model, "causal-txn", options) end
function checker.prefix(h, model, options) return core.check(h, model, "prefix", options) end
function checker.snapshot_isolation(h, model, options) return core.check(h, model, "snapshot-isolation", options) end
function checker.serializable(h, model, options) return core.check(h, model, "serializable", options) end
function checker.strict_serializable(h, model, options) return core.check(h, model, "strict-serializable", options) end

return checker
