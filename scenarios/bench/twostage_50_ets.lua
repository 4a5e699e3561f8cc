-- twostage_50 with its variables in an ets table.
require("lockstep.threads").use "ets"
require "twostage_50"
