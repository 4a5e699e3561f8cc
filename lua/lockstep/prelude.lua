-- What of lockstep itself is written in Lua. Run with the core's table before anything else is loaded.
local lockstep = ...
local receive_clause = lockstep.receive_clause
lockstep.receive_clause = nil

local KNOWN = { after = true, otherwise = true }

local function wrong(what, ...) error(("bad argument #1 to 'receive' (%s)"):format(what:format(...)), 4) end

local function check(clauses)
  if type(clauses) ~= "table" then wrong("a list of clauses expected, got %s", type(clauses)) end
  local n = #clauses
  for key in pairs(clauses) do
    if not KNOWN[key] and not (math.type(key) == "integer" and key >= 1 and key <= n) then
      wrong("unknown option '%s'; known: after, otherwise", tostring(key))
    end
  end
  for i, clause in ipairs(clauses) do
    if type(clause) ~= "table" then wrong("clause %d: {pattern, body} expected, got %s", i, type(clause)) end
    if clause[1] == nil then wrong("clause %d has no pattern", i) end
    if type(clause[2]) ~= "function" then wrong("clause %d: a function expected as body, got %s", i, type(clause[2])) end
    if clause.when ~= nil and type(clause.when) ~= "function" then
      wrong("clause %d: a function expected as guard (when), got %s", i, type(clause.when))
    end
    for key in pairs(clause) do
      if key ~= 1 and key ~= 2 and key ~= "when" then wrong("clause %d: '%s' is no part of a clause", i, tostring(key)) end
    end
  end
  local otherwise = clauses.otherwise
  if otherwise ~= nil and type(otherwise) ~= "function" then
    wrong("a function expected as otherwise, got %s", type(otherwise))
  end
  if otherwise and clauses.after == nil then wrong("otherwise without after would never be called") end
end

-- The first message that any clause accepts, tried in their order, is handed to that clause's body.
function lockstep.receive(clauses)
  check(clauses)
  local clause, message = receive_clause(clauses, clauses.after)
  if clause then return clauses[clause][2](message) end
  if clauses.otherwise then return clauses.otherwise() end
  return nil, "timeout"
end

-- `seen`: what was or is being compared with what; one that differs ends all, so the others count as equal.
local function equal(a, b, seen)
  if rawequal(a, b) or type(a) ~= "table" and a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return false end
  if seen[a] == b then return true end
  seen[a] = b
  for key, value in next, a do
    if not equal(value, rawget(b, key), seen) then return false end
  end
  for key in next, b do
    if rawget(a, key) == nil then return false end
  end
  return true
end

-- By contents, as two terms of Erlang are: tables by keys and values all the way down, the rest as by ==.
function lockstep.equal(a, b) return equal(a, b, {}) end
