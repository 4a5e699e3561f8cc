-- redis.streams: a stream is {last, entries, groups}: the last id, entries {ms, n, {field, value ...}} in their order.
-- A group is {name, last_ms, last_n, pending}, what is pending {ms, n, consumer, delivered_at, times}.
local lockstep = require "lockstep"
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"

local streams = {}
local define, ONE = store.define, store.ONE
local fail = reply.fail
local INVALID = "ERR Invalid stream ID specified as stream command argument"
local SMALLER = "ERR The ID specified in XADD is equal or smaller than the target stream top item"

function streams.get(db, key) return store.get(db, key, "stream") end
function streams.put(db, key, stream, expires) store.put(db, key, "stream", stream, expires) end
local get = streams.get

function streams.name(entry) return ("%d-%d"):format(entry[1], entry[2]) end
function streams.before(a, b) return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2]) end
local before, name = streams.before, streams.name

-- "5-1", or "5" with what stands for its second part.
function streams.id(text, rest)
  local ms, n = text:match("^(%d+)%-(%d+)$")
  if not ms then ms, n = text:match("^%d+$"), rest end
  ms, n = ms and math.tointeger(tonumber(ms)), math.tointeger(tonumber(n))
  if not ms or not n then fail(INVALID) end
  return { ms, n }
end

local function new_id(text, last)
  if text == "*" then
    local now = lockstep.now()
    if now > last[1] then return { now, now == 0 and 1 or 0 } end
    return { last[1], last[2] + 1 }
  end
  local ms = text:match("^(%d+)%-%*$")
  if ms then
    ms = math.tointeger(tonumber(ms))
    if ms < last[1] then fail(SMALLER) end
    return { ms, ms == last[1] and last[2] + 1 or 0 }
  end
  local id = streams.id(text, 0)
  if id[1] == 0 and id[2] == 0 then fail("ERR The ID specified in XADD must be greater than 0-0") end
  if not before(last, id) then fail(SMALLER) end
  return id
end

-- MAXLEN and MINID from argument number i on: what remains, and the number of the next argument.
local function trimming(a, i)
  local how = a[i]:upper()
  local approximate = a[i + 1] == "~"
  if (approximate or a[i + 1] == "=") and a[i + 2] then i = i + 1 end
  local limit = a[i + 1] or fail(reply.SYNTAX)
  local rule
  if how == "MAXLEN" then
    local n = reply.integer(limit)
    if n < 0 then fail("ERR The MAXLEN argument must be >= 0.") end
    rule = { length = n }
  else
    rule = { least = streams.id(limit, 0) }
  end
  i = i + 2
  if a[i] and a[i]:upper() == "LIMIT" then
    if not approximate then fail("ERR syntax error, LIMIT cannot be used without the special ~ option") end
    reply.integer(a[i + 1] or fail(reply.SYNTAX))
    i = i + 2
  end
  rule.approximate = approximate
  return rule, i
end
-- With ~ a real server removes whole nodes of a hundred entries; streams are shorter here, so nothing.
local function trim(stream, rule)
  local gone, entries = 0, stream[2]
  if rule.approximate then
    if (rule.length or #entries) + 100 > #entries then return 0 end
  end
  while entries[1] and ((rule.length and #entries > rule.length) or (rule.least and before(entries[1], rule.least))) do
    table.remove(entries, 1)
    gone = gone + 1
  end
  return gone
end

define("xadd", -5, "write", ONE, function(db, a)
  local i, create, rule = 2, true, nil
  while a[i] do
    local word = a[i]:upper()
    if word == "NOMKSTREAM" then
      create = false
      i = i + 1
    elseif word == "MAXLEN" or word == "MINID" then
      rule, i = trimming(a, i)
    else
      break
    end
  end
  if a[i] and not a[i]:find("^%d+$") and not a[i]:find("^%d+%-[%d%*]+$") and a[i] ~= "*" then fail(INVALID) end
  if not a[i] or (#a - i) % 2 == 1 or #a == i then reply.arity("xadd") end
  if a[i] == "0-0" or a[i] == "0" then fail("ERR The ID specified in XADD must be greater than 0-0") end
  local stream, expires = get(db, a[1])
  if not stream and not create then return false end
  stream = stream or { { 0, 0 }, {}, {} }
  local id = new_id(a[i], stream[1])
  stream[1] = id
  table.insert(stream[2], { id[1], id[2], table.move(a, i + 1, #a, 1, {}) })
  if rule then trim(stream, rule) end
  streams.put(db, a[1], stream, expires)
  return name(id)
end)

define("xlen", 2, "read", ONE, function(db, a)
  local stream = get(db, a[1])
  return stream and #stream[2] or 0
end)

define("xtrim", -4, "write", ONE, function(db, a)
  local how = a[2]:upper()
  if how ~= "MAXLEN" and how ~= "MINID" then fail(reply.SYNTAX) end
  local rule, i = trimming(a, 2)
  if a[i] then fail(reply.SYNTAX) end
  local stream, expires = get(db, a[1])
  if not stream then return 0 end
  local gone = trim(stream, rule)
  if gone > 0 then streams.put(db, a[1], stream, expires) end
  return gone
end)

define("xdel", -3, "write", ONE, function(db, a)
  local stream, expires = get(db, a[1])
  local gone, ids = 0, {}
  if not stream then return 0 end
  for i = 2, #a do ids[i - 1] = streams.id(a[i], 0) end
  for _, id in ipairs(ids) do
    for k, entry in ipairs(stream[2]) do
      if entry[1] == id[1] and entry[2] == id[2] then
        table.remove(stream[2], k)
        gone = gone + 1
        break
      end
    end
  end
  if gone > 0 then streams.put(db, a[1], stream, expires) end
  return gone
end)

-- ---- reading ----

function streams.shown(entry) return { name(entry), entry[3] } end

-- A limit of a range; "(" in front leaves it out.
local function limit(text, rest)
  if text == "-" then return { 0, 0 } end
  if text == "+" then return { math.maxinteger, math.maxinteger } end
  if text:sub(1, 1) ~= "(" then return streams.id(text, rest) end
  return streams.id(text:sub(2), rest), true
end
for command, reversed in pairs({ xrange = false, xrevrange = true }) do
  define(command, -4, "read", ONE, function(db, a)
    local first, last = a[2], a[3]
    if reversed then first, last = last, first end
    local low, low_open = limit(first, 0)
    local high, high_open = limit(last, math.maxinteger)
    local most = math.huge
    if a[4] then
      if a[4]:upper() ~= "COUNT" or not a[5] or a[6] then fail(reply.SYNTAX) end
      most = math.max(reply.integer(a[5]), 0)
    end
    local stream, found = get(db, a[1]), {}
    if stream and most == 0 then return false end
    local entries = stream and stream[2] or {}
    for k = 1, #entries do
      local entry = entries[reversed and #entries - k + 1 or k]
      local low_fits = before(low, entry) or (not low_open and not before(entry, low))
      local high_fits = before(entry, high) or (not high_open and not before(high, entry))
      if low_fits and high_fits and #found < most then found[#found + 1] = streams.shown(entry) end
    end
    return found
  end)
end

-- Options of XREAD and XREADGROUP: count, whether to wait and for how long, NOACK; where the keys begin, how many.
function streams.options(a, from, command)
  local o, i = { most = math.huge }, from
  while a[i] do
    local word = a[i]:upper()
    if word == "COUNT" and a[i + 1] then
      local n = reply.integer(a[i + 1])
      o.most = n > 0 and n or math.huge
      i = i + 2
    elseif word == "BLOCK" and a[i + 1] then
      local ms = reply.integer(a[i + 1], "ERR timeout is not an integer or out of range")
      if ms < 0 then fail("ERR timeout is negative") end
      o.block = ms
      i = i + 2
    elseif word == "NOACK" and command == "xreadgroup" then
      o.no_ack = true
      i = i + 1
    elseif word == "STREAMS" then
      break
    else
      fail(reply.SYNTAX)
    end
  end
  local n = #a - i
  if not a[i] or n < 1 then fail(reply.SYNTAX) end
  if n % 2 == 1 then
    fail("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.")
  end
  o.at, o.n = i + 1, n // 2
  return o
end
-- Of the keys after STREAMS.
function streams.keys(a)
  for i, word in ipairs(a) do
    if word:upper() == "STREAMS" then return table.move(a, i + 1, i + (#a - i) // 2, 1, {}) end
  end
  return {}
end

define("xread", -4, "read", streams.keys, function(db, a)
  local o = streams.options(a, 1, "xread")
  local answer = {}
  for k = o.at, o.at + o.n - 1 do
    local stream = get(db, a[k])
    local after = a[k + o.n] == "$" and (stream and stream[1] or { 0, 0 }) or streams.id(a[k + o.n], 0)
    local found = {}
    for _, entry in ipairs(stream and stream[2] or {}) do
      if before(after, entry) and #found < o.most then found[#found + 1] = streams.shown(entry) end
    end
    if #found > 0 then answer[#answer + 1] = { a[k], found } end
  end
  return #answer > 0 and answer or false
end)

return streams
