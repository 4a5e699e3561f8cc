-- A supervised server is killed and comes back. A client looks its name up and calls it: between the death and the
-- restart there is nobody of that name, and between the look and the call there may be nobody behind the pid. The
-- client, whose request would have been served a moment later, exits with noproc.
-- Source: OTP: a call during a supervisor's restart exits with noproc (gen_server:call/2)
-- Class: restart race
-- Found by: pos within 50 iterations
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
  lockstep.send(parent, gen_server.call("server", "request"))
end

local function saboteur()
  lockstep.exit(lockstep.whereis("server"), "kill")
end

lockstep.scenario("call during a restart", function()
  supervisor.start_link({ { id = "server", start = { server, "start_link", {} } } }, { strategy = "one_for_one" })
  lockstep.spawn(saboteur)
  lockstep.spawn(client, lockstep.self())
  assert(lockstep.recv() == "served")
end)
