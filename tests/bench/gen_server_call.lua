-- What a gen_server.call costs beside the same messages sent by hand (bound: three times; measured: twice).
-- time lockstep run gen_server_call.lua --only NAME --strategy random --iterations 1000 -j 1
local lockstep = require "lockstep"
local gen_server = require "lockstep.gen_server"
local N = 200
local echo = {}
function echo.init() return "ok", 0 end
function echo.handle_call(request, _, state) return "reply", request, state end
lockstep.scenario("gen_server.call", function()
  local p = gen_server.start_link(echo)
  for i = 1, N do gen_server.call(p, i) end
end)
lockstep.scenario("plain messages", function()
  local p = lockstep.spawn_link(function()
    while true do
      local m = lockstep.recv()
      lockstep.send(m[2], { m[3], m[4] })
    end
  end)
  for i = 1, N do
    local ref = lockstep.make_ref()
    lockstep.send(p, { "call", lockstep.self(), ref, i })
    lockstep.recv_first({ ref, lockstep.any })
  end
end)
lockstep.scenario("messages with a monitor", function()
  local p = lockstep.spawn_link(function()
    while true do
      local m = lockstep.recv()
      lockstep.send(m[2], { m[3], m[4] })
    end
  end)
  for i = 1, N do
    local ref = lockstep.monitor(p, { alias = "demonitor" })
    lockstep.send(p, { "call", ref, ref, i })
    lockstep.recv_first({ lockstep.one_of, { ref, lockstep.any }, { "DOWN", ref, lockstep.any, lockstep.any, lockstep.any } }, 5000)
    lockstep.demonitor(ref, { flush = true })
  end
end)
