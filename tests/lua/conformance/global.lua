-- global when nodes meet while names are being registered: beam-semantics 14.
local lockstep = require "lockstep"
local cluster = require "lockstep.cluster"
local global = require "lockstep.global"
local h = require "helper"
local any = lockstep.any

-- On each node a process registers itself as "g" and says how that went.
local function register_on_both(resolve)
  local main, pids = lockstep.self(), {}
  for _, node in ipairs { "a", "b" } do
    pids[node] = cluster.spawn(node, function()
      lockstep.send(main, { "answer", node, global.register_name("g", lockstep.self(), resolve) })
      lockstep.recv()
    end)
  end
  return pids
end
local function answer(node)
  local m = lockstep.recv_first({ "answer", node, any }, 1000)
  return m and m[3] or "dead"
end

-- Registrations and the merging of two tables are serialised by the cluster's lock, so one process is left with the name.
lockstep.scenario("two sides register while they meet again", { crashes = "allow" }, function()
  cluster.start_nodes { "a", "b" }
  cluster.set_net_ticktime(10)
  cluster.partition("a", "b")
  lockstep.sleep(100)
  local pids = register_on_both()
  cluster.heal()
  local a, b = answer "a", answer "b"
  lockstep.sleep(1000)
  local owners = { cluster.run("a", global.whereis_name, "g"), cluster.run("b", global.whereis_name, "g") }
  local alive = { cluster.run("a", lockstep.alive, pids.a), cluster.run("b", lockstep.alive, pids.b) }
  assert(owners[1] == owners[2], "the two tables differ")
  assert(owners[1] == pids.a or owners[1] == pids.b, "nobody has the name")
  assert(not (a == "no" and b == "no"))
  if a ~= "no" and b ~= "no" then assert(alive[1] and not alive[2], "the conflict was not resolved") end
end)

-- The model where time may pass at any moment: a registration has no time limit of its own.
lockstep.scenario("one of two registrations gets the name, whatever the clock does", { timers = "racy", delivery = "async" },
  function()
    cluster.start_nodes { "a", "b" }
    register_on_both()
    local a, b = lockstep.recv_first({ "answer", "a", any })[3], lockstep.recv_first({ "answer", "b", any })[3]
    assert(a == "yes" and b == "no" or a == "no" and b == "yes", a .. " and " .. b)
  end)

-- "the resolver runs once and its result is used on all nodes": also on a third one.
lockstep.scenario("a conflict is resolved once for three nodes", function()
  cluster.start_nodes { "a", "b", "c" }
  cluster.set_net_ticktime(10)
  cluster.partition("a", { "b", "c" })
  lockstep.sleep(100)
  local main = lockstep.self()
  local function resolve(name, p1, p2)
    lockstep.send(main, { "resolved", name })
    return lockstep.node(p1) == "b" and p1 or p2
  end
  local pids = register_on_both(resolve)
  h.expect({ answer "a", answer "b" }, { "yes", "yes" })
  cluster.heal()
  lockstep.sleep(1000)
  for _, node in ipairs { "a", "b", "c" } do h.expect(cluster.run(node, global.whereis_name, "g"), pids.b) end
  h.expect(h.drain(), { { "resolved", "g" } })
end)

lockstep.scenario("a node that comes back takes part", function()
  cluster.start_nodes { "a", "b" }
  local p = cluster.spawn("a", lockstep.recv)
  h.expect(cluster.run("a", global.register_name, "g", p), "yes")
  cluster.stop_node "b"
  cluster.start_node "b"
  h.expect(cluster.run("b", global.whereis_name, "g"), p)
  local q = cluster.spawn("b", lockstep.recv)
  h.expect(cluster.run("b", global.register_name, "g", q), "no")
  h.expect(cluster.run("b", global.re_register_name, "g", q), "yes")
  h.expect(cluster.run("a", global.whereis_name, "g"), q)
end)

-- set_lock is on all connected nodes unless told otherwise, counted for each process of a requester.
lockstep.scenario("locks of the cluster", function()
  cluster.start_nodes { "a", "b" }
  local held = cluster.spawn("a", function()
    global.set_lock({ "res", "x" })
    lockstep.recv()
  end)
  lockstep.sleep(1)
  local function try(node, requester, nodes)
    return cluster.run(node, global.set_lock, { "res", requester }, nodes, 0)
  end
  h.expect({ try("b", "y"), try("b", "x"), try("b", "y", {}) }, { false, true, true })
  lockstep.sleep(1)  -- what the process on b held went with it
  h.expect(try("b", "y", { "b" }), false)
  h.expect(cluster.run("b", global.trans, { "res", "y" }, function() return 1 end, nil, 0), "aborted")
  lockstep.exit(held, "kill")
  lockstep.sleep(1)
  h.expect(cluster.run("b", global.trans, { "res", "y" }, function() return 1 end), 1)
end)

lockstep.scenario("bad arguments", function()
  h.expect(h.raised(global.register_name, "g", "nobody"), { "raised", "error", "badarg" })
  h.expect(global.unregister_name "never", "ok")
  local ok, why = pcall(global.set_lock, "res")
  assert(not ok and tostring(why):find("bad argument #1 to 'set_lock'", 1, true), tostring(why))
end)
