-- Programs with several outcomes: each scenario stays within the set, and a companion for each outcome reaches it.
local lockstep = require "lockstep"
local gen_server = require "lockstep.gen_server"
local supervisor = require "lockstep.supervisor"
local agent = require "lockstep.agent"
local task = require "lockstep.task"
local registry = require "lockstep.registry"
local h = require "helper"
local program = require "program"
local any = lockstep.any
-- The sets hold if the five seconds of a call never pass, which they may at any moment with racy timers.
local FOREVER = "infinity"

local slow = { init = function() return "ok", 0 end }
function slow.handle_call(_, _, s)
  lockstep.sleep(10)
  return "reply", "ok", s
end

program("nd-call-timeout-tie", { { "reply", "none" }, { "timeout", "none" } }, function()
  local p = gen_server.start(slow)
  local ok = pcall(gen_server.call, p, "req", 10)
  lockstep.sleep(50)
  local stray = lockstep.recv(0)
  return { ok and "reply" or "timeout", stray == nil and "none" or stray }
end)

local counter = { init = function(n) return "ok", n end }
function counter.handle_call(request, _, n)
  if request == "get" then return "reply", n, n end
  if request == "ping" then return "reply", "pong", n end
  return "reply", "ok", request[2]
end
function counter.handle_info(m)
  if m == "crash" then lockstep.error "boom" end
end

program("nd-server-lost-update", { 1, 2 }, function()
  local main, p = lockstep.self(), gen_server.start(counter, 0)
  for _ = 1, 2 do
    lockstep.spawn(function()
      gen_server.call(p, { "set", gen_server.call(p, "get", FOREVER) + 1 }, FOREVER)
      lockstep.send(main, "done")
    end)
  end
  lockstep.recv_first "done"
  lockstep.recv_first "done"
  return gen_server.call(p, "get", FOREVER)
end)

-- The first element of an exit reason, {{boom, Stack}, {gen_server, call, _}} and the like.
local function first(reason)
  while type(reason) == "table" do reason = reason[1] end
  return reason
end

program("nd-call-during-restart", { "boom", "noproc", "pong" }, function()
  supervisor.start_link({ { id = "svc", start = { gen_server, "start_link", { "svc", counter, 0 } } } },
    { max_restarts = 100 })
  lockstep.send("svc", "crash")
  local ok, v = pcall(gen_server.call, "svc", "ping", FOREVER)
  return ok and v or first(v.reason)
end)

program("nd-agent-atomic-update", { 2 }, function()
  local main, a = lockstep.self(), agent.start(function() return 0 end)
  for _ = 1, 2 do
    lockstep.spawn(function()
      agent.update(a, function(n) return n + 1 end, FOREVER)
      lockstep.send(main, "done")
    end)
  end
  lockstep.recv_first "done"
  lockstep.recv_first "done"
  return agent.get(a, function(n) return n end, FOREVER)
end)

program("nd-task-yield-or-shutdown", { "ok", "killed" }, function()
  local t = task.async(function()
    lockstep.sleep(10)
    return "v"
  end)
  local v, why = task.yield(t, 10)
  if v == nil and why == "timeout" then v, why = task.shutdown(t, "brutal_kill") end
  if v == "v" then return "ok" end
  return why and { "exit", why } or "killed"
end)

program("nd-registry-stale-lookup", { "empty", "stale" }, function()
  registry.start_link { keys = "unique", name = "R" }
  local p = h.doer()
  h.within(p, function() return registry.register("R", "k", 0) end)
  local ref = lockstep.monitor(p)
  lockstep.exit(p, "kill")
  h.down(ref)
  return #registry.lookup("R", "k") == 0 and "empty" or "stale"
end, { crashes = "allow" })

program("nd-stop-vs-call", { "noproc", "normal", "pong" }, function()
  local main, p = lockstep.self(), gen_server.start(counter, 0)
  lockstep.spawn(function()
    local ok, v = pcall(gen_server.call, p, "ping", FOREVER)
    lockstep.send(main, { "r", ok and v or v.reason[1] })
  end)
  gen_server.stop(p)
  return lockstep.recv_first({ "r", any })[2]
end)
