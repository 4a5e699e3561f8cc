-- gen_statem beyond the public cases: what OTP's engine does with rare actions and with enter calls (stdlib's gen_statem.erl:
-- loop_state_callback_result, loop_actions_list, loop_timeouts, callback_mode_result).
local lockstep = require "lockstep"
local gen_statem = require "lockstep.gen_statem"
local h = require "helper"

local ENTER = { "handle_event_function", "state_enter" }

-- A machine that starts in "a" and handles events with the scenario's function.
local function machine(mode, handle, terminate)
  return { callback_mode = mode, init = function() return "ok", "a", 0 end, handle_event = handle, terminate = terminate }
end
-- Why it ends when it gets "go".
local function ended_by(mod)
  local p = gen_statem.start(mod)
  local ref = lockstep.monitor(p)
  gen_statem.cast(p, "go")
  return h.unstack(h.down(ref))
end

lockstep.scenario("an enter call may ask to be repeated", function()
  local me = lockstep.self()
  local p = gen_statem.start(machine(ENTER, function(kind, content, state, n)
    if kind ~= "enter" then return "next_state", "b", n end
    lockstep.send(me, { content, state, n })
    if state == "b" and n < 2 then return "repeat_state", n + 1 end
    return "keep_state_and_data"
  end))
  gen_statem.cast(p, "go")
  gen_statem.get_state(p)
  h.expect(h.drain(), { { "a", "a", 0 }, { "a", "b", 0 }, { "a", "b", 1 }, { "a", "b", 2 } })
end)

lockstep.scenario("an enter call that fails leaves the old state", { crashes = "allow" }, function()
  local me = lockstep.self()
  ended_by(machine(ENTER, function(kind, _, state)
    if kind ~= "enter" then return "next_state", "b", 7 end
    if state == "b" then lockstep.error "boom" end
    return "keep_state_and_data"
  end, function(_, state, data) lockstep.send(me, { state, data }) end))
  h.expect(lockstep.recv(), { "a", 0 })
end)

lockstep.scenario("of timeouts of one kind the last counts", function()
  local me = lockstep.self()
  local p = gen_statem.start(machine("handle_event_function", function(kind, content)
    if kind == "state_timeout" then
      lockstep.send(me, { content, lockstep.now() })
      return "keep_state_and_data"
    end
    return "keep_state_and_data", { { "state_timeout", 100, "x" }, { "state_timeout", "update", "y" } }
  end))
  gen_statem.cast(p, "go")  -- no timer runs yet, so that the update comes at once
  h.expect(lockstep.recv(), { "y", 0 })
  h.expect({ lockstep.recv(500) }, { nil, "timeout" })
end)

lockstep.scenario("how bad actions are named", { crashes = "allow" }, function()
  local function reason(entering, ...)
    local returned = table.pack(...)
    return ended_by(machine(entering and ENTER or "handle_event_function", function(kind, _, state)
      if not entering or state == "b" then return table.unpack(returned, 1, returned.n) end
      if kind == "enter" then return "keep_state_and_data" end
      return "next_state", "b", 0
    end))[1]
  end
  local keep, bad, worse = "keep_state_and_data", "bad_action_from_state_function", "bad_state_enter_action_from_state_function"
  h.expect(reason(false, keep, { "next_event", "bogus", 1 }), { bad, { "next_event", "bogus", 1 } })
  h.expect(reason(false, keep, { "reply", "nobody", 1 }), { bad, { "reply", "nobody", 1 } })
  h.expect(reason(false, keep, "pop_callback_module"), { bad, "pop_callback_module" })
  h.expect(reason(false, "stop_and_reply", "normal", { "reply", "nobody", 1 }),
    { "bad_reply_action_from_state_function", { "reply", "nobody", 1 } })
  h.expect(reason(true, keep, "bogus"), { bad, "bogus" })
  h.expect(reason(true, keep, { "postpone", true }), { bad, { "postpone", true } })
  h.expect(reason(true, keep, "postpone"), { worse, "postpone" })
  h.expect(reason(true, keep, { "push_callback_module", {} }), { worse, { "push_callback_module", {} } })
  h.expect(reason(true, "bogus"), { "bad_return_from_state_function", "bogus" })
end)

local inner = { callback_mode = "state_functions" }
function inner.b(kind, content)
  if content == "pop" then return "keep_state_and_data", { "pop_callback_module", { "reply", kind[2], "popped" } } end
  return "keep_state_and_data", { "reply", kind[2], "inner" }
end

lockstep.scenario("callback modules on a stack, each with its mode", function()
  local p = gen_statem.start(machine("handle_event_function", function(kind, content, _, n)
    if content == "push" then
      return "next_state", "b", n, { { "push_callback_module", inner }, { "reply", kind[2], "pushed" } }
    elseif content == "change" then
      return "next_state", "b", n, { { "change_callback_module", inner }, { "reply", kind[2], "changed" } }
    end
    return "keep_state_and_data", { "reply", kind[2], "outer" }
  end))
  local answers = {}
  for i, request in ipairs { "x", "push", "x", "pop", "x", "change", "x" } do answers[i] = gen_statem.call(p, request) end
  h.expect(answers, { "outer", "pushed", "inner", "popped", "outer", "changed", "inner" })
end)

-- Its starter has been told by then.
lockstep.scenario("a bad callback_mode ends a machine that has started", { crashes = "allow" }, function()
  lockstep.flag("trap_exit", true)
  local p = gen_statem.start_link(machine("bogus"))
  assert(lockstep.is_pid(p))
  local m = lockstep.recv()
  h.expect({ m[1], m[2] == p, h.unstack(m[3]) }, { "EXIT", true, { { "bad_return_from_callback_mode", "bogus" }, "#stack" } })
end)

lockstep.scenario("a call's time limit may say how late replies are dropped", function()
  local p = gen_statem.start(machine("handle_event_function", function() return "keep_state_and_data" end))
  h.expect(h.raised(gen_statem.call, p, "x", { "clean_timeout", 10 }),
    { "raised", "exit", { "timeout", { "gen_statem", "call", { p, "x", { "clean_timeout", 10 } } } } })
  h.expect(gen_statem.replace_state(p, function(s) return { "b", s[2] + 1 } end), { "b", 1 })
  h.expect(gen_statem.get_state(p), { "b", 1 })
end)
