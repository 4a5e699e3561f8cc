-- A connection that is still opening postpones requests. Whether it is open is kept in the data, not in the state: when
-- it opens, the machine keeps its state, and what was postponed is retried only when the state changes. A request that
-- came early is never answered.
-- Source: OTP, gen_statem: postponed events are retried after a change of state, not of data
-- Class: postponed for ever (deadlock)
-- Found by: pos within 100 iterations
local lockstep = require "lockstep"
local gen_statem = require "lockstep.gen_statem"

local connection = { callback_mode = "handle_event_function" }
function connection.init()
  return "ok", "running", { open = false }
end
function connection.handle_event(kind, content, _, data)
  if kind == "info" and content == "opened" then
    return "keep_state", { open = true }
  elseif not data.open then
    return "keep_state_and_data", "postpone"
  end
  return "keep_state_and_data", { "reply", kind[2], "answer to " .. content }
end

local function network(machine)
  lockstep.send(machine, "opened")
end

lockstep.scenario("postponed, and the state stays", function()
  local machine = gen_statem.start_link(connection, nil)
  lockstep.spawn(network, machine)
  assert(gen_statem.call(machine, "request") == "answer to request")
end)
