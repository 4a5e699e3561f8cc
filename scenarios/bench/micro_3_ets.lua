-- micro_3 with its variables in an ets table.
require("lockstep.threads").use "ets"
require "micro_3"
