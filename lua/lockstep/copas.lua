-- copas: cooperative Lua over sockets. A program is a process; its sockets are simulated: what one sends is a message to the
-- process at the other end, so what arrives when is the scheduler's to choose. Copas itself is Debian's, unmodified.
local lockstep = require "lockstep"
local host = require "lockstep.host"

local copas = {}

local NAME <const> = "copas"

-- ---- the module `socket`, of one process ----

-- Messages: {"tcp", "connect", port, connection, pid}, {"tcp", "data", connection, bytes}, {"tcp", "close", connection}.
local any = lockstep.any
local PATTERN <const> = { lockstep.one_of, { "tcp", any, any }, { "tcp", any, any, any }, { "tcp", any, any, any, any } }

local function milliseconds(seconds) return math.max(0, math.floor(seconds * 1000 + 0.5)) end

local function new_socket()
  local socket = { _VERSION = "LuaSocket 3.1.0", BLOCKSIZE = 2048 }
  local listening, connected = {}, {} -- by port, by connection
  local names = 0

  local Client, Server, Master = {}, {}, {}
  local function object(class, kind, fields)
    names = names + 1
    fields.name = ("tcp{%s}: %d"):format(kind, names)
    return setmetatable(fields, class)
  end
  for _, class in ipairs { Client, Server, Master } do
    class.__index = class
    class.__tostring = function(self) return self.name end
    function class:settimeout(seconds)
      self.seconds = seconds and seconds >= 0 and seconds or nil
      return 1
    end
    function class.setoption() return 1 end
    function class.getsockname(self) return "127.0.0.1", self.port or 0 end
    function class.getfd() return -1 end
    function class.setfd() end
  end
  local function connection(id, peer)
    local client = object(Client, "client", { id = id, peer = peer, buffer = "" })
    connected[id] = client
    return client
  end

  local function take(message)
    local kind = message[2]
    if kind == "connect" then
      local server = listening[message[3]]
      if server then table.insert(server.pending, connection(message[4], message[5])) end
    else
      local client = connected[message[3]]
      if client and kind == "data" then client.buffer = client.buffer .. message[4] end
      if client and kind == "close" then client.ended = true end
    end
  end
  -- What has arrived; with nothing to look at, what arrives until then. False if nothing did.
  local function arrivals(ms)
    local message = lockstep.recv_first(PATTERN, ms)
    if not message then return false end
    repeat
      take(message)
      message = lockstep.recv_first(PATTERN, 0)
    until not message
    return true
  end
  -- Until ready() says so, or the socket's time is up.
  local function await(self, ready)
    if ready() then return true end
    arrivals(0)
    local limit = self.seconds and lockstep.now() + milliseconds(self.seconds)
    while not ready() do
      local left = limit and limit - lockstep.now()
      if left and left <= 0 or not arrivals(left) then return ready() end
    end
    return true
  end

  function Server:accept()
    if self.closed then return nil, "closed" end
    if not await(self, function() return #self.pending > 0 end) then return nil, "timeout" end
    return table.remove(self.pending, 1)
  end
  function Server:close()
    if not self.closed then
      self.closed, listening[self.port] = true, nil
      lockstep.unregister("tcp:" .. self.port)
    end
    return 1
  end

  local function part_of(self, pattern)
    local buffer = self.buffer
    if pattern == "*l" then
      local line, rest = buffer:match("^([^\n]*)\n(.*)$")
      if line then return (line:gsub("\r", "")), rest end
    elseif pattern == "*a" then
      if self.ended then return buffer, "" end
    elseif #buffer >= pattern then
      return buffer:sub(1, pattern), buffer:sub(pattern + 1)
    end
  end
  function Client:receive(pattern, prefix)
    pattern, prefix = pattern or "*l", prefix or ""
    if type(pattern) == "string" then pattern = "*" .. pattern:gsub("^%*", ""):sub(1, 1) end
    if pattern ~= "*l" and pattern ~= "*a" and type(pattern) ~= "number" then error("bad argument #1 to 'receive' (invalid receive pattern)", 2) end
    if type(pattern) == "number" then pattern = math.max(0, pattern - #prefix) end
    if self.closed then return nil, "closed", prefix end
    local data, rest
    await(self, function()
      data, rest = part_of(self, pattern)
      return data ~= nil or self.ended
    end)
    if data then
      self.buffer = rest
      return prefix .. data
    end
    data, self.buffer = prefix .. self.buffer, ""
    return nil, self.ended and "closed" or "timeout", data
  end
  function Client:send(data, from, to)
    if self.closed or self.ended then return nil, "closed", 0 end
    from, to = from or 1, to or #data
    if to >= from then lockstep.send(self.peer, { "tcp", "data", self.id, data:sub(from, to) }) end
    return to
  end
  function Client:close()
    if not self.closed then
      self.closed, connected[self.id] = true, nil
      lockstep.send(self.peer, { "tcp", "close", self.id })
    end
    return 1
  end
  function Client.shutdown(self) return self:close() end
  function Client.getpeername(self) return "127.0.0.1", self.port or 0 end

  function Master:bind(_, port)
    self.port = tonumber(port)
    return 1
  end
  local function listen(self)
    if not pcall(lockstep.register, "tcp:" .. self.port, lockstep.self()) then return nil, "address already in use" end
    self.pending = {}
    listening[self.port] = self
    setmetatable(self, Server)
    return 1
  end
  Master.listen = listen
  function Master:connect(_, port)
    local peer = lockstep.whereis("tcp:" .. tostring(port))
    if not peer then return nil, "connection refused" end
    local id = lockstep.make_ref()
    self.id, self.peer, self.buffer, connected[id] = id, peer, "", self
    setmetatable(self, Client)
    lockstep.send(peer, { "tcp", "connect", tonumber(port), id, lockstep.self() })
    return 1
  end
  function Client.connect() return nil, "already connected" end
  function Master.close() return 1 end

  function socket.tcp() return object(Master, "master", {}) end
  socket.tcp4 = socket.tcp
  function socket.bind(address, port)
    local master = socket.tcp()
    master:bind(address, port)
    local ok, why = listen(master)
    if not ok then return nil, why end
    return master
  end
  function socket.connect(address, port)
    local master = socket.tcp()
    local ok, why = master:connect(address, port)
    if not ok then return nil, why end
    return master
  end
  function socket.gettime() return host.epoch + lockstep.now() / 1000 end
  function socket.sleep(seconds) lockstep.sleep(milliseconds(seconds)) end
  function socket.skip(n, ...) return select(n + 1, ...) end

  local function readable(s) return s.pending and #s.pending > 0 or s.buffer and (#s.buffer > 0 or s.ended) or s.closed end
  function socket.select(reads, writes, seconds)
    local limit = seconds and seconds >= 0 and lockstep.now() + milliseconds(seconds)
    local got_reads, got_writes = {}, {}
    local function look()
      for _, s in ipairs(reads or {}) do
        if readable(s) then
          got_reads[#got_reads + 1] = s
          got_reads[s] = #got_reads
        end
      end
      for _, s in ipairs(writes or {}) do
        got_writes[#got_writes + 1] = s
        got_writes[s] = #got_writes
      end
      return #got_reads + #got_writes > 0
    end
    if #(reads or {}) > 0 then arrivals(0) end
    while not look() do
      local left = limit and limit - lockstep.now()
      if left and left <= 0 or not arrivals(left) then return got_reads, got_writes, "timeout" end
    end
    return got_reads, got_writes
  end
  socket.udp = function() lockstep.error(NAME .. " host has no socket.udp") end
  return setmetatable(socket, { __index = function(_, name)
    if name == "dns" then lockstep.error(NAME .. " host has no socket.dns") end
  end })
end

local provided = { socket = function() return new_socket() end, ["socket.core"] = function(env) return env.require "socket" end }

-- Reads what the scenario needs, at file level.
function copas.load(names) return host.load(type(names) == "string" and { names } or names, provided) end

-- A program: a process that runs f(require, _G), with sockets of its own.
function copas.spawn(app, f, ...)
  return lockstep.spawn(function(...)
    local env = host.environment(NAME, app, provided)
    return f(env.require, env, ...)
  end, ...)
end

return copas
