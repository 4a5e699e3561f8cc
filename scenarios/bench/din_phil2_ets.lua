-- din_phil2 with its variables in an ets table.
require("lockstep.threads").use "ets"
require "din_phil2"
