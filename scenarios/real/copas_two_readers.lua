-- copas 1.1.7 (Debian's lua-copas 1.2.0-2), unmodified: of two threads that read from one connection, one sleeps for ever.
-- Found by looking for it: copas keeps a queue of threads for each socket, but takes the socket out of the set that it
-- selects when it wakes the first, and only a thread that waits anew puts it back.
--   thread 1 and thread 2 wait for the connection: it is in the set once, and both are in its queue
--   a line arrives: the connection leaves the set, thread 1 is woken, has its line and ends
--   a second line arrives: nobody selects the connection, thread 2 is never woken
-- Where the first line has arrived before thread 1 reads, it does not wait, and all goes well.
-- Needs: apt-get install lua-copas; --path /usr/share/lua/5.1
local lockstep = require "lockstep"
local copas = require "lockstep.copas"

local app = copas.load { "copas" }

-- Its peer, a plain program: says two lines.
local function peer(root)
  copas.spawn(app, function(require)
    local server = assert(require("socket").bind("*", 80))
    lockstep.send(root, "up")
    local client = server:accept()
    client:send("one\n")
    client:send("two\n")
  end)
  lockstep.recv_first("up")
end

local function lines(f)
  local root = lockstep.self()
  peer(root)
  copas.spawn(app, function(require)
    local program = require "copas"
    local connection = assert(require("socket").connect("localhost", 80))
    connection:settimeout(0)
    f(program, program.wrap(connection), root)
    program.loop()
  end)
  for i = 1, 2 do lockstep.recv_first { "line", i } end
end

lockstep.scenario("copas: two threads read from one connection", { expect = "deadlock" }, function()
  lines(function(program, connection, root)
    for i = 1, 2 do
      program.addthread(function()
        assert(connection:receive("*l"))
        lockstep.send(root, { "line", i })
      end)
    end
  end)
end)

lockstep.scenario("copas: one thread reads for both", function()
  lines(function(program, connection, root)
    program.addthread(function()
      for i = 1, 2 do
        assert(connection:receive("*l"))
        lockstep.send(root, { "line", i })
      end
    end)
  end)
end)
