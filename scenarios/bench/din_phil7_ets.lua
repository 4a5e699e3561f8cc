-- din_phil7 with its variables in an ets table.
require("lockstep.threads").use "ets"
require "din_phil7"
