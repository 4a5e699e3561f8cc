-- model: what an object may do, one operation after the other. Built in by name, or defined here.
local core = require "lockstep.checker_core"
local gen = require "lockstep.gen"

local model = {
  register = "register",
  cas_register = "cas-register",
  multi_register = "multi-register",
  kv = "kv",
  queue = "queue",
  stack = "stack",
  set = "set",
  counter = "counter",
  lock = "lock",
  mutex = "mutex",
  txn_register = "txn-register",
  list_append = "list-append",
}
model.names = core.names()

local FIELDS = {
  name = "string",
  step = "function",
  equal = "function",
  partition = "function",
  sees_process = "boolean",
}

local function misuse(field, expected, value)
  error(
    string.format("bad argument #1 to 'model.define' (%s: %s expected, got %s)", field, expected, type(value)),
    3
  )
end

-- A list of operations' names as a function.
local function among(names)
  local set = {}
  for _, name in ipairs(names) do set[name] = true end
  return function(op) return set[op.f] == true end
end

-- define{name?, init, step, equal?, readonly?, commutes?, partition?, sees_process?}: a model for the checker.
--
--   init           the first state, or a function that returns it
--   step(s, op)    the state after op; nil, why if op is not possible in s. op: {f, value, key, ok, result, process}; if not
--                  op.ok, its outcome is unknown and it takes effect as far as s allows
--   equal(a, b)    when states are the same; unless given, when they look the same
-- and what makes checks faster. All of it must hold in every state; checker.test_model looks for a counterexample:
--   readonly       names of operations, or a function(op): never changes the state
--   commutes       a function(a, b), or names of operations that all commute with each other: in either order both are
--                  possible or not, and lead to the same state
--   partition      "key", or a function(op): operations with different ones do not influence each other; nil touches all
--   sees_process   step looks at op.process (which is absent otherwise)
function model.define(m)
  if type(m) ~= "table" then gen.misuse("model.define", 1, "a table {init, step, ...}", m) end
  local out = {}
  for field, value in pairs(m) do
    if FIELDS[field] and field ~= "partition" and type(value) ~= FIELDS[field] then
      misuse(field, "a " .. FIELDS[field], value)
    end
    out[field] = value
  end
  if m.step == nil then misuse("step", "a function", m.step) end
  if m.init == nil then misuse("init", "a state, or a function that returns it,", m.init) end
  if type(m.readonly) == "table" then
    out.readonly = among(m.readonly)
  elseif m.readonly ~= nil and type(m.readonly) ~= "function" then
    misuse("readonly", "a list of names or a function", m.readonly)
  end
  if type(m.commutes) == "table" then
    local is = among(m.commutes)
    out.commutes = function(a, b) return is(a) and is(b) end
  elseif m.commutes ~= nil and type(m.commutes) ~= "function" then
    misuse("commutes", "a list of names or a function", m.commutes)
  end
  if m.partition == "key" then
    out.partition = function(op) return op.key end
  elseif m.partition ~= nil and type(m.partition) ~= "function" then
    misuse("partition", '"key" or a function', m.partition)
  end
  for field in pairs(m) do
    if not FIELDS[field] and field ~= "init" and field ~= "readonly" and field ~= "commutes" then
      error(string.format("bad argument #1 to 'model.define' (unknown field '%s')", tostring(field)), 2)
    end
  end
  return out
end

return model
