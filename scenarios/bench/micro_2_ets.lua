-- micro_2 with its variables in an ets table.
require("lockstep.threads").use "ets"
require "micro_2"
