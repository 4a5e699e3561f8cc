-- Larger actor programs whose numbers of classes are published for another checker, in our words;
-- observers_large_test.cpp has the numbers, and where ours differ, why.
local lockstep = require "lockstep"
local spawn, send, recv, recv_first, self =
  lockstep.spawn, lockstep.send, lockstep.recv, lockstep.recv_first, lockstep.self
local ets = require "lockstep.ets"
local gen_server = require "lockstep.gen_server"
local any = lockstep.any

local function program(name, body)
  lockstep.scenario(name, { drain = true, crashes = "allow" }, body)
end

-- A program whose main process owns tables, which go with it: its crash is told when all is over.
local function owner(name, body)
  program(name, function()
    local main, ref = lockstep.spawn_monitor(body)
    local reason = recv_first({ "DOWN", ref, "process", main, any })[5]
    lockstep.sleep(1000)
    assert(reason == "normal")
  end)
end

-- Takes so many messages: polls first, a poll in vain uses up a try, and without tries left it waits.
-- Another message at the end is a mistake.
local function take(messages, tries)
  while messages > 0 do
    if tries == 0 then
      recv()
      messages = messages - 1
    elseif recv(0) ~= nil then
      messages = messages - 1
    else
      tries = tries - 1
    end
  end
  assert(recv(0) == nil, "one too many")
end

program("after_test", function()
  local main = self()
  take(0, 2)
  spawn(function()
    send(main, "first")
  end)
  take(1, 2)
  for _ = 1, 2 do
    spawn(function()
      send(main, "second")
    end)
  end
  take(2, 2)
  recv_first("never")
end)

program("reduced", function()
  local main = self()
  for _ = 1, 2 do
    spawn(function()
      send(main, "second")
    end)
  end
  take(2, 1)
  recv_first("never")
end)

program("timer_replayed", function()
  local main = self()
  local t = ets.new("t", { "public" })
  spawn(function()
    ets.insert(t, { "x", 1 })
  end)
  spawn(function()
    ets.lookup(t, "x")
  end)
  spawn(function()
    lockstep.send_after(main, "ok", 100)
  end)
  recv_first("ok", 100)
  recv_first("never")
end)

program("test_after_spawns", function()
  local main = self()
  for _, what in ipairs { "one", "two", "one" } do
    spawn(function()
      send(main, what)
    end)
  end
  local all = ""
  for _ = 1, 3 do
    local first = recv(10)
    if first then
      all = all .. " " .. first
    else
      all = all .. " nothing"
      local more = recv(0)
      while more do
        all = all .. "+" .. more
        more = recv(0)
      end
    end
  end
  error(all, 0)
end)

-- A worker asks for jobs, and tells what came of each, until there are none left.
local function worker(server)
  while true do
    send(server, { "work", self() })
    local job = recv_first { lockstep.one_of, { "job", any }, "no job" }
    if job == "no job" then
      send(server, "gone")
      return
    end
    send(server, { "result", job[2] + 10 })
  end
end

-- Two workers at a server's jobs, and what it has in the end.
local function program_of_workers(name, serve, one, other)
  program(name, function()
    local main = self()
    local server = spawn(function()
      local results = serve()
      table.sort(results)
      send(main, { "results", results })
    end)
    for _ = 1, 2 do
      spawn(worker, server)
    end
    local results = recv_first({ "results", any })[2]
    assert(results[1] == one and results[2] == other and #results == 2)
  end)
end

-- Hands out two jobs; results that are there come before requests.
program_of_workers("workers", function()
  local workers, jobs, results = 2, { 1, 2 }, {}
  while workers > 0 or #jobs > 0 do
    local result = recv_first({ "result", any }, 0)
    if result then
      results[#results + 1] = result[2]
    else
      local request = recv_first { lockstep.one_of, { "work", any }, "gone" }
      if request == "gone" then
        workers = workers - 1
      elseif #jobs > 0 then
        send(request[2], { "job", table.remove(jobs, 1) })
      else
        send(request[2], "no job")
      end
    end
  end
  return results
end, 11, 12)

-- Every job goes out again with its result, twice more; results are collected only when they are
-- needed.
program_of_workers("workers_2", function()
  local workers, retries, jobs = 2, 2, { 1, 2 }
  local function collect()
    local results = {}
    for _ = 1, 2 do
      table.insert(results, 1, recv_first({ "result", any })[2])
    end
    return results
  end
  while workers > 0 or retries > 0 or #jobs > 0 do
    local request = recv_first { lockstep.one_of, { "work", any }, "gone" }
    if request == "gone" then
      workers = workers - 1
    elseif #jobs > 0 then
      send(request[2], { "job", table.remove(jobs, 1) })
    elseif retries > 0 then
      retries = retries - 1
      jobs = collect()
      send(request[2], { "job", table.remove(jobs, 1) })
    else
      send(request[2], "no job")
    end
  end
  return collect()
end, 31, 32)

-- Three locks are opened; three readers look at the locks of a pair, and through them if both are
-- open. A token goes back through all when they have done so.
program("tricky_predecessors", function()
  local main = self()
  local t = ets.new("t", { "public" })
  ets.insert(t, { { "x", 0 }, { "l1", false }, { "l2", false }, { "l3", false } })
  local function pass(to)
    recv_first("token")
    send(to, "token")
  end
  local last = main
  for i = 1, 3 do
    local to = last
    last = spawn(function()
      ets.insert(t, { "l" .. i, true })
      pass(to)
    end)
  end
  for i = 1, 3 do
    local to = last
    last = spawn(function()
      local one = ets.lookup_element(t, "l" .. i, 2)
      local other = ets.lookup_element(t, "l" .. i % 3 + 1, 2)
      local x = one and other and ets.lookup_element(t, "x", 2) or "irrelevant"
      ets.insert(t, { "r" .. i, x })
      pass(to)
    end)
  end
  send(last, "token")
  ets.insert(t, { "x", 1 })
  recv_first("token")
  local seen = {}
  for i = 1, 3 do
    seen[i] = ets.lookup_element(t, "r" .. i, 2)
  end
  for i = 1, 3 do
    if seen[i] == "irrelevant" then
      return
    end
  end
  error(table.concat(seen, " "), 0)
end)

-- Main takes three messages one after the other, and what their senders do after them races.
owner("receive_deps", function()
  local main = self()
  local t = ets.new("t", { "public" })
  for x = 1, 3 do
    spawn(function()
      send(main, x)
      local found = x ~= 1 and ets.lookup(t, "k")[1]
      if x == 1 or found and found[2] == 1 then
        ets.insert(t, { "k", x })
      end
    end)
  end
  local a = recv()
  local b = recv_first(function(m)
    return m ~= a
  end)
  recv_first(function(m)
    return m ~= a and m ~= b
  end)
  local found = ets.lookup(t, "k")[1]
  assert(not (found and found[2] == 3))
  recv_first("never")
end)

-- The second is created after the first's message, and struck after its own.
owner("receive_deps_kill", function()
  local main = self()
  local t = ets.new("t", { "public" })
  local function start(x)
    return spawn(function()
      send(main, x)
      if x == 1 or #ets.lookup(t, "k") > 0 then
        ets.insert(t, { "k", x })
      end
    end)
  end
  start(1)
  recv()
  local second = start(2)
  recv()
  lockstep.exit(second, "boo")
  ets.lookup(t, "k")
  recv_first("never")
end)

-- Three workers ask a registry whether they are the first; it watches whom it says yes to.
program("simple_registry", function()
  local main = self()
  spawn(function()
    lockstep.register("registry", self())
    send(main, "ok")
    local holder
    while true do
      local m = recv_first { lockstep.one_of, "stop", { "reg", any }, { "DOWN", any, any, any, any } }
      if m == "stop" then
        return
      elseif m[1] == "DOWN" then
        if m[4] == holder then
          holder = nil
        end
      elseif holder and lockstep.alive(holder) then
        send(m[2], { "first", false })
      else
        lockstep.monitor(m[2])
        send(m[2], { "first", true })
        holder = m[2]
      end
    end
  end)
  recv_first("ok")
  local to = main
  for _ = 1, 3 do
    local after = to
    to = spawn(function()
      send("registry", { "reg", self() })
      local first = recv_first({ "first", any })[2]
      local list = recv_first({ "token", any })[2]
      list[#list + 1] = first
      send(after, { "token", list })
    end)
  end
  send(to, { "token", {} })
  recv_first { "token", any }
  send("registry", "stop")
end)

-- Two processes set a shared pointer to each other's variable, add up their own for a while, and
-- then write through the pointer.
program("shared_ptr", function()
  local main = self()
  local t = ets.new("t", { "public" })
  ets.insert(t, { { "x", 3 }, { "y", 4 }, { "c1", 0 }, { "c2", 0 }, { "p", "nothing" } })
  local function get(key)
    return ets.lookup_element(t, key, 2)
  end
  local function start(mine, other, sum, amount, to)
    return spawn(function()
      ets.insert(t, { "p", mine })
      for _ = 1, 25 do
        ets.insert(t, { sum, get(sum) + get(other) })
      end
      local through = get("p")
      ets.insert(t, { through, get(through) + amount })
      local x, y = get("x"), get("y")
      assert(math.max(x, y) <= 9 and math.min(x, y) >= 3)
      recv_first("ok")
      send(to, "ok")
    end)
  end
  local one = start("y", "x", "c1", 3, main)
  local other = start("x", "y", "c2", 2, one)
  send(other, "ok")
  recv_first("ok")
end)

-- A channel keeps what is put into it until somebody asks, and who asks until something is put.
local function channel()
  local buffer, requests = {}, {}
  while true do
    if #buffer > 0 and #requests > 0 then
      send(table.remove(requests, 1), table.remove(buffer, 1))
    else
      local m = recv()
      table.insert(m[1] == "put" and buffer or requests, m[2])
    end
  end
end

-- The first of three in a ring of channels wants to be the leader; a leader's name that comes back
-- to it goes round once more as that of the elected.
program("ring_leader_election", function()
  local n, channels = 3, {}
  for i = 1, n do
    channels[i] = spawn(channel)
  end
  local function member(i)
    local from, to = channels[i], channels[i % n + 1]
    if i < n then
      spawn(member, i + 1)
    end
    local name, leader = "p" .. i, 0
    lockstep.register(name, self())
    if i == 1 then
      send(to, { "put", i })
      leader = i
    end
    while true do
      send(from, { "get", name })
      local m = recv()
      if type(m) == "table" then
        if i ~= leader then
          send(to, { "put", m })
        end
        return
      elseif m == i then
        if i == leader then
          send(to, { "put", { "leader", i } })
        end
      else
        send(to, { "put", m })
        leader = math.max(m, leader)
      end
    end
  end
  member(1)
end)

-- A server answers its last call before its name is free.
program("gen_server_register", function()
  local server = {}
  function server.init()
    return "ok", 0
  end
  function server.handle_call()
    return "stop", "normal", "ok", 0
  end
  for _ = 1, 2 do
    local pid = assert(gen_server.start({ "local", "server" }, server, {}, {}))
    gen_server.call(pid, "stop")
  end
end)
