-- The client knows that a supervised server may be away for a moment: an exit of the call is caught, and the request,
-- which may be made twice, is made again a little later.
-- Source: OTP: a call during a supervisor's restart exits with noproc (gen_server:call/2)
-- Class: restart race
local lockstep = require "lockstep"
local gen_server = require "lockstep.gen_server"
local supervisor = require "lockstep.supervisor"

local server = {}
function server.start_link()
  return gen_server.start_link("server", server, nil)
end
function server.init()
  return "ok", 0
end
function server.handle_call(_, _, count)
  return "reply", "served", count + 1
end

local function client(parent)
  local ok, reply = pcall(gen_server.call, "server", "request")
  while not ok do
    lockstep.sleep(10)
    ok, reply = pcall(gen_server.call, "server", "request")
  end
  lockstep.send(parent, reply)
end

local function saboteur()
  lockstep.exit(lockstep.whereis("server"), "kill")
end

lockstep.scenario("call again after a restart", function()
  supervisor.start_link({ { id = "server", start = { server, "start_link", {} } } }, { strategy = "one_for_one" })
  lockstep.spawn(saboteur)
  lockstep.spawn(client, lockstep.self())
  assert(lockstep.recv() == "served")
end)
