-- Broken repair of bugs/publish_before_init.lua: a flag says that it is published, and is set before it is filled.
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local persistent_term = require "lockstep.persistent_term"

local function setup()
  local config = ets.new("config", { "set", "public" })
  persistent_term.put("config", config)
  persistent_term.put("ready", true)
  ets.insert(config, { "port", 4000 })
  lockstep.recv_first("stop")
end

local function user(parent)
  local config = persistent_term.get("config", "none")
  if config ~= "none" and persistent_term.get("ready", false) then
    local port = ets.lookup(config, "port")[1]
    assert(port, "the configuration is published, but has no port")
  end
  lockstep.send(parent, "done")
end

lockstep.scenario("publish before init", function()
  lockstep.spawn(setup)
  lockstep.spawn(user, lockstep.self())
  lockstep.recv_first("done")
end)
