-- registry.
local lockstep = require "lockstep"
local registry = require "lockstep.registry"
local agent = require "lockstep.agent"
local h = require "helper"

local function same(s) return s end
local function unique(more)
  local options = { keys = "unique", name = "R" }
  for k, v in pairs(more or {}) do options[k] = v end
  return registry.start_link(options)
end
local function values(entries)
  local list = {}
  for i, e in ipairs(entries) do list[i] = e[2] end
  table.sort(list)
  return list
end

lockstep.scenario("registry-unique", function()
  unique()
  local d = h.doer()
  local labels = { main = lockstep.self() }
  local r1 = lockstep.is_pid(registry.register("R", "k", "v1")) and "ok"
  local r2 = h.label(h.answer(registry.register("R", "k", "x")), labels)
  local r3 = h.label(h.answer(h.within(d, function() return { registry.register("R", "k", "x") } end)[2]), labels)
  local l1 = h.label(registry.lookup("R", "k"), labels)
  local r4 = registry.unregister("R", "k")
  h.expect({ r1, r2, { "error", r3 }, l1, r4, registry.lookup("R", "k") },
    { "ok", { "error", { "already_registered", "main" } }, { "error", { "already_registered", "main" } },
      { { "main", "v1" } }, "ok", {} })
end)

lockstep.scenario("registry-duplicate", function()
  registry.start_link { keys = "duplicate", name = "R" }
  local d = h.doer()
  registry.register("R", "k", 1)
  registry.register("R", "k", 2)
  h.within(d, function() return registry.register("R", "k", 3) end)
  local l, c = values(registry.lookup("R", "k")), registry.count("R")
  registry.unregister("R", "k")
  h.expect({ l, c, values(registry.lookup("R", "k")), registry.unregister("R", "nokey"), registry.keys("R", lockstep.self()) },
    { { 1, 2, 3 }, 3, { 3 }, "ok", {} })
end)

lockstep.scenario("registry-dead-owner-register", { crashes = "allow" }, function()
  unique()
  for _ = 1, 3 do
    local p = h.doer()
    h.within(p, function() return registry.register("R", "k", 0) end)
    local ref = lockstep.monitor(p)
    lockstep.exit(p, "kill")
    h.down(ref)
    local w = registry.whereis_name { "R", "k" } or "undefined"
    local r = lockstep.is_pid(registry.register("R", "k", 1)) and "ok"
    registry.unregister("R", "k")
    h.expect({ w, r }, { "undefined", "ok" })
  end
end)

lockstep.scenario("registry-via", function()
  unique()
  local via = { "via", registry, { "R", "ag" } }
  local function five() return 5 end
  local a = agent.start(five, { name = via })
  local r1 = h.label(h.answer(agent.start(five, { name = via })), { a = a })
  local r5 = h.raised(agent.get, { "via", registry, { "R", "none" } }, same)
  h.expect({ r1, agent.get(via, same), registry.whereis_name { "R", "ag" } == a,
    registry.whereis_name { "R", "nope" } or "undefined", { r5[2], r5[3][1] } },
    { { "error", { "already_started", "a" } }, 5, true, "undefined", { "exit", "noproc" } })
end)

lockstep.scenario("registry-via-value", function()
  unique()
  local a = agent.start(function() return 0 end, { name = { "via", registry, { "R", "kv", "meta" } } })
  h.expect(h.label(registry.lookup("R", "kv"), { a = a }), { { "a", "meta" } })
end)

lockstep.scenario("registry-dispatch", function()
  registry.start_link { keys = "duplicate", name = "R" }
  for i = 1, 2 do
    h.within(h.doer(), function() return registry.register("R", "topic", i) end)
  end
  local seen
  local r = registry.dispatch("R", "topic", function(entries) seen = { #entries, lockstep.self() } end)
  seen[2] = seen[2] == lockstep.self()
  local r2 = registry.dispatch("R", "unknown", function() error("called") end)
  h.expect({ r, seen, r2 }, { "ok", { 2, true }, "ok" })
end)

lockstep.scenario("registry-unregister-other", function()
  unique()
  h.within(h.doer(), function() return registry.register("R", "k", "dv") end)
  h.expect({ registry.unregister("R", "k"), values(registry.lookup("R", "k")) }, { "ok", { "dv" } })
end)

lockstep.scenario("registry-meta-unknown", function()
  unique { meta = { conf = 1 } }
  local function meta(k)
    local v = registry.meta("R", k)
    return v == nil and "error" or { "ok", v }
  end
  local r = h.raised(registry.lookup, "NoSuchRegistry", "k")
  h.expect({ meta "conf", meta "none", registry.put_meta("R", "x", 2), meta "x", r[3][1] },
    { { "ok", 1 }, "error", "ok", { "ok", 2 }, "ArgumentError" })
end)

-- Beyond the public cases.
lockstep.scenario("listeners-and-update-value", function()
  lockstep.register("listener", lockstep.self())
  unique { listeners = { "listener" } }
  local server = registry.register("R", "k", 1)
  h.expect(h.next(), { "register", "R", "k", lockstep.self(), 1 })
  h.expect({ registry.update_value("R", "k", function(v) return v + 1 end) }, { 2, 1 })
  h.expect({ registry.update_value("R", "none", same) }, { nil, "error" })
  h.expect({ registry.values("R", "k", lockstep.self()), registry.count_match("R", "k", "_") }, { { 2 }, 1 })
  registry.unregister("R", "k")
  h.expect(h.next(), { "unregister", "R", "k", lockstep.self() })
  h.expect(lockstep.alive(server), true)
end)
