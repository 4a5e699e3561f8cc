-- redis.client: a connection. Each command is one operation of the process that calls it.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local reply = require "lockstep.redis.reply"
local store = require "lockstep.redis.store"
local blocking = require "lockstep.redis.blocking"
local transactions = require "lockstep.redis.transactions"
local faults = require "lockstep.redis.faults"
local core = require "lockstep.host_core"

local client = {}
local commands = store.commands
local WHOLE = "all"

-- Reports show each command by its own name, and a script of a file by its name.
local operations, methods = {}, {}
client.scripts = {}
local timed_out = ets.operation("redis.timeout")
function client.name_operations()
  for name in pairs(commands) do
    operations[name] = operations[name] or ets.operation("redis." .. name) -- lint: allow file-level-write (called while files load)
    methods[name] = function(self, ...) return self:call(name, ...) end -- lint: allow file-level-write (called while files load)
  end
end

-- The command and its arguments, checked as the server checks them before it runs anything. `name` in lower case.
function client.find(name, args)
  local command = commands[name]
  if not command then
    local begin = {}
    for i = 1, #args do begin[i] = "'" .. args[i]:match("^[^%z]*"):sub(1, 128) .. "' " end
    reply.fail(("ERR unknown command '%s', with args beginning with: %s"):format(args.name, table.concat(begin)))
  end
  local n = #args + 1
  if (command.arity > 0 and n ~= command.arity) or n < -command.arity then reply.arity(name) end
  return command
end

-- What the command touches: keys, or "all". `list` is filled and returned; the second result: what it only reads.
function client.keys(command, args, list, self)
  local keys = command.keys
  if keys == WHOLE then return WHOLE end
  if type(keys) == "function" then
    local more, reads = keys(args, self, client.keys)
    if more == WHOLE then return WHOLE end
    for _, key in ipairs(more) do list[#list + 1] = key end
    return list, reads
  elseif keys then
    local last = keys[2] < 0 and #args + keys[2] + 1 or keys[2]
    for i = keys[1], math.min(last, #args), keys[3] do list[#list + 1] = args[i] end
  end
  return list
end

-- One command, which a replica may lack, with all that it did before an error.
local function done(args, command, db)
  if not db.connection.replicated or command.access ~= "write" or command.name == "exec" then
    return command.run(db, args)
  end
  db.before = {}
  local good, value = pcall(command.run, db, args)
  faults.log(db)
  if not good then error(value, 0) end
  return value
end

-- What runs as one operation. Second result: keys that have to be announced, too, before anything is done.
local function run(args, command, db)
  if not db.wakes then return done(args, command, db) end
  local more = db.wakes ~= WHOLE and blocking.missing(db, db.wakes)
  if more then return nil, more end
  local good, value = pcall(done, args, command, db)
  blocking.serve(db)
  if not good then error(value, 0) end
  return value
end

-- A command that waits; the second result says that it does.
local function run_or_wait(args, command, db, keys)
  local value, more = run(args, command, db)
  if value == false and not more then return blocking.wait(db, command.name, args, keys), nil, true end
  return value, more
end

-- Until somebody serves it, or the time is up.
local function await(self, ref, command, args, keys)
  local at = command.timeout_at
  local ms = blocking.timeout(args[at < 0 and #args + at + 1 or at])
  local answer = lockstep.recv_first({ ref, lockstep.any }, ms)
  if not answer then
    local waited = timed_out(self.table, { write = keys }, blocking.leave, { table = self.table }, ref, keys)
    answer = waited and { ref, false } or lockstep.recv_first({ ref, lockstep.any }) -- it was served just before
  end
  if core.keeps_requests() then core.keep_request(self.table, self, nil, true, answer[2]) end
  return answer[2]
end

local function queue(self, command, args)
  self.queue[#self.queue + 1] = { command = command, args = args }
  return { ok = "QUEUED" }
end

-- Finds the command; after MULTI a mistake in one spoils the whole.
local function find(self, name, args)
  local keeps = core.keeps_requests()
  if not self.queue and not keeps then return client.find(name, args) end
  local good, command = pcall(client.find, name, args)
  if good then return command end
  if keeps then core.keep_request(self.table, self, args, true, command) end
  if self.queue then self.aborted = true end
  error(command, 0)
end

-- f(...), which answers the command, or says by its third result that it waits. For `replay --against`.
local function kept(self, args, f, ...)
  if not core.keeps_requests() then return f(...) end
  local good, value, more, waits = pcall(f, ...)
  if good and more then return value, more, waits end
  if good or (type(value) == "table" and value.err) then
    core.keep_request(self.table, self, args, not waits, value)
  end
  if not good then error(value, 0) end
  return value, more, waits
end

-- A script of a file, which `run` calls by its SHA-1.
function client.name_script(script)
  client.scripts[script.sha] = ets.operation("redis." .. script.name) -- lint: allow file-level-write (called while files load)
end

function client.perform(self, name, args)
  args.name = name
  local lower = name:lower()
  local command = find(self, lower, args)
  local at_once = transactions.LOCAL[lower]
  if at_once and (not self.queue or transactions.AT_ONCE[lower]) then return kept(self, args, at_once, self) end
  if self.queue and not transactions.AT_ONCE[lower] then return kept(self, args, queue, self, command, args) end
  local keys, reads = client.keys(command, args, {}, self)
  local db = { table = self.table, connection = self }
  if blocking.WAKES[lower] then db.wakes = keys end
  if self.replicated and command.access == "write" and keys ~= WHOLE then keys[#keys + 1] = faults.LOG end
  faults.before(self)
  local footprint = { [command.access] = keys, clock = true }
  if reads then footprint.read = reads end
  local how = command.timeout_at and run_or_wait or run
  local operation = lower == "evalsha" and client.scripts[args[1]] or operations[lower]
  local value, more, waits
  repeat
    value, more, waits = kept(self, args, operation, self.table, footprint, how, args, command, db, keys)
    for _, key in ipairs(more or {}) do keys[#keys + 1] = key end
  until not more
  store.send(db)
  if waits then value = await(self, value, command, args, keys) end
  faults.after(self)
  return value
end

-- ---- what scenarios call ----

local Connection = {}

-- A reply as clients give it: a status is its text, nil is nil, an error is raised.
local function given(value)
  if value == false then return nil end
  if type(value) == "table" and value.ok then return value.ok end
  return value
end

local function refuse(value, i)
  lockstep.error("redis: argument " .. i .. " of a command is a " .. type(value) .. ", not a string or a number")
end

-- The reply as scripts see it; errors are returned, {err = text}.
function Connection:raw(name, ...)
  local good, value = pcall(client.perform, self, name, reply.arguments(refuse, ...))
  if good or (type(value) == "table" and value.err) then return value end
  error(value, 0)
end

function Connection:call(name, ...)
  local value = self:raw(name, ...)
  if type(value) == "table" and value.err then error(value.err, 2) end
  return given(value)
end

function Connection:pcall(name, ...)
  local value = self:raw(name, ...)
  if type(value) == "table" and value.err then return value end
  return given(value)
end

-- A script of `redis.load`, its keys, its arguments: by its SHA-1, with its text where the server has not seen it yet.
function Connection:run(script, ...)
  local value = self:raw("evalsha", script.sha, script.keys, ...)
  if type(value) == "table" and value.err and value.err:find("^NOSCRIPT") then
    value = self:raw("eval", script.text, script.keys, ...)
  end
  if type(value) == "table" and value.err then error(value.err, 2) end
  return given(value)
end

-- The next message of a subscription, {"message", channel, text} or {"pmessage", pattern, channel, text}.
function Connection:receive(timeout)
  local message, why = lockstep.recv_first({ self.id, lockstep.any }, timeout)
  if not message then return nil, why end
  return message[2]
end

-- c:get(key) and so on: every command by its name in lower case.
local meta = {}
function meta.__index(_, name) return Connection[name] or methods[name] end

-- Options: dies, lost_replies (faults.lua).
function client.connect(server, options)
  options = options or {}
  return setmetatable({ table = server.table, replicated = server.replicated, scripts = {}, by_sha = {}, compiled = {},
    dies = options.dies, lost_replies = options.lost_replies or 0 }, meta)
end

return client
