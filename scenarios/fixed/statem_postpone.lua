-- Opening and open are two states: the change retries what was postponed.
-- Source: OTP, gen_statem: postponed events are retried after a change of state, not of data
-- Class: postponed for ever (deadlock)
local lockstep = require "lockstep"
local gen_statem = require "lockstep.gen_statem"

local connection = { callback_mode = "handle_event_function" }
function connection.init()
  return "ok", "opening", {}
end
function connection.handle_event(kind, content, state, data)
  if kind == "info" and content == "opened" then
    return "next_state", "open", data
  elseif state == "opening" then
    return "keep_state_and_data", "postpone"
  end
  return "keep_state_and_data", { "reply", kind[2], "answer to " .. content }
end

local function network(machine)
  lockstep.send(machine, "opened")
end

lockstep.scenario("postponed until the state changes", function()
  local machine = gen_statem.start_link(connection, nil)
  lockstep.spawn(network, machine)
  assert(gen_statem.call(machine, "request") == "answer to request")
end)
