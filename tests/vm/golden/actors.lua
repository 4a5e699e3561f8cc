-- Small actor programs whose numbers of classes are published for another checker, in our words;
-- observers_test.cpp has the numbers, and where ours differ, why. All run on after their root (drain).
local lockstep = require "lockstep"
local spawn, send, recv, recv_first, self =
  lockstep.spawn, lockstep.send, lockstep.recv, lockstep.recv_first, lockstep.self
local ets = require "lockstep.ets"
local any = lockstep.any

-- Sends what is in the list, in that order.
local function sender(to, ...)
  return spawn(function(...)
    for _, message in ipairs { ... } do
      send(to, message)
    end
  end, ...)
end

local function program(name, body)
  lockstep.scenario(name, { drain = true, crashes = "allow" }, body)
end

program("indifferent_senders", function()
  local main = self()
  for i = 1, 3 do
    spawn(function()
      send(main, "m" .. i)
    end)
  end
  for i = 1, 3 do
    recv_first("m" .. i)
  end
end)

program("independent_receivers", function()
  local main = self()
  for _ = 1, 2 do
    local receiver = spawn(function()
      recv()
      send(main, "ok")
    end)
    spawn(function()
      send(receiver, "go")
    end)
  end
  recv()
  recv()
end)

program("same_messages", function()
  local main = self()
  for _ = 1, 2 do
    spawn(function()
      send(main, "same")
    end)
  end
  recv()
  recv()
end)

program("same_messages_2", function()
  local main = self()
  for _, what in ipairs({ "a", "b" }) do
    spawn(function()
      send(main, "unlock")
      send(main, what)
    end)
  end
  recv_first("unlock")
  recv_first { lockstep.one_of, "a", "b" }
end)

program("no_observers", function()
  local main = self()
  local pids = {}
  for i = 1, 2 do
    pids[i] = spawn(function()
      send(main, self())
    end)
  end
  recv_first(pids[1])
  recv_first(pids[2])
end)

-- Its owner's end takes the table away too, which is why the owner is not the root.
program("send_it_ets", function()
  spawn(function()
    local main = self()
    local t = ets.new("t", { "public" })
    spawn(function()
      ets.insert(t, { "x", 1 })
      send(main, "ok")
    end)
    sender(main, "ok")
    recv_first("ok")
    assert(#ets.lookup(t, "x") == 1)
  end)
end)

program("diff_obs", function()
  spawn(function()
    local main = self()
    sender(main, { "x", 0 })
    sender(main, { "y", 0 })
    sender(main, { "x", 1 })
    sender(main, "o")
    if recv_first("o", 0) then
      recv_first { "x", any }
    else
      recv_first { any, any }
    end
  end)
end)

-- A poll for what its parent sends last. The rest in the order it wants, or in that in which it came.
local function messages(last)
  local receiver = spawn(function()
    if recv_first("special", 0) then
      recv_first("a")
      recv_first("c")
    else
      recv_first("special")
      last((recv()))
      recv()
    end
  end)
  sender(receiver, "c")
  send(receiver, "a")
  send(receiver, "special")
end

program("messages_1", function()
  messages(function() end)
end)

program("messages_2", function()
  messages(function(first)
    assert(first == "a")
  end)
end)

local function receive_order(one, other)
  local receiver = spawn(function()
    recv_first("a")
    assert(recv() == "b")
  end)
  sender(receiver, one)
  sender(receiver, other)
end

program("receive_order_1", function()
  receive_order("a", "b")
end)

program("receive_order_2", function()
  receive_order("b", "a")
end)

program("receive_order_3", function()
  local receiver = spawn(function()
    recv_first("a")
    recv_first("b")
    assert(recv() == "c")
  end)
  sender(receiver, "b")
  sender(receiver, "c", "a")
end)

-- The first of a row of processes, through which a message comes to the last.
local function proxies(last)
  local to = last
  for _ = 1, 20 do
    local next_one = to
    to = spawn(function()
      send(next_one, (recv()))
    end)
  end
  return to
end

program("proxy", function()
  local main = self()
  local to = proxies(main)
  send(to, "through")
  spawn(function()
    send(main, "direct")
  end)
  recv()
  recv()
end)

program("proxy2", function()
  local main = self()
  local to = proxies(main)
  spawn(function()
    send(to, "through")
    send(main, "direct")
  end)
  recv()
  recv()
end)

-- Two processes, of which one inserts before its message and the other looks after its own. Whether
-- the order of their messages is seen depends on which of two others comes first.
local function other_race(seen, first, second)
  spawn(function()
    local main = self()
    local t = ets.new("t", { "public" })
    spawn(function()
      ets.insert(t, { "key", "value" })
      send(main, { 2, "one" })
    end)
    spawn(function()
      send(main, { 2, "two" })
      assert(#ets.lookup(t, "key") == 1)
    end)
    sender(main, first)
    sender(main, second)
    if recv_first { lockstep.one_of, "independent", "dependent" } == seen then
      recv_first { 2, any }
    end
    recv_first("never")
  end)
end

program("dep_unobs", function()
  other_race("dependent", "dependent", "independent")
end)

program("indep_unobs", function()
  other_race("independent", "independent", "dependent")
end)

-- The same with two races of messages.
local function other_messages(seen, first, second)
  spawn(function()
    local main = self()
    sender(main, { 1, "one" }, { 2, "one" })
    sender(main, { 2, "two" }, { 1, "two" })
    sender(main, first)
    sender(main, second)
    if recv_first { lockstep.one_of, "independent", "dependent" } ~= seen then
      assert(recv_first({ 1, any })[2] == "one")
    elseif recv_first({ 2, any })[2] == "one" then
      assert(recv_first({ 1, any })[2] == "one")
    end
  end)
end

program("dep_obs", function()
  other_messages("dependent", "dependent", "independent")
end)

program("indep_obs", function()
  other_messages("independent", "independent", "dependent")
end)

-- A poll for a DOWN, else its demonitor with some options and two more polls.
local function demonitor(options)
  local p, ref = lockstep.spawn_monitor(function() end)
  local down = { "DOWN", ref, "process", p, any }
  if recv_first(down, 0) then
    return
  end
  local active = lockstep.demonitor(ref, options)
  if not options.flush and not (options.info and active) then
    recv_first(down, 0)
  end
  assert(not recv_first(down, 0))
end

program("demonitor_plain", function()
  demonitor {}
end)

program("demonitor_flush", function()
  demonitor { flush = true }
end)

program("demonitor_flush_info", function()
  demonitor { flush = true, info = true }
end)

program("demonitor_info", function()
  demonitor { info = true }
end)

program("register_again", function()
  spawn(function()
    lockstep.register("bank", self())
    spawn(function()
      send("bank", "money")
    end)
    local witness = spawn(function()
      recv()
    end)
    spawn(function()
      lockstep.unregister("bank")
      lockstep.register("bank", self())
      if recv_first("money", 0) then
        send(witness, "robber")
      end
    end)
    recv_first("money")
    send(witness, "bank")
  end)
end)

program("after_poll", function()
  local main = self()
  spawn(function()
    send(main, "ok")
  end)
  for _ = 1, 5 do
    if recv(0) == "ok" then
      break
    end
  end
end)
