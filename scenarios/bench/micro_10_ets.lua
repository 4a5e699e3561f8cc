-- micro_10 with its variables in an ets table.
require("lockstep.threads").use "ets"
require "micro_10"
