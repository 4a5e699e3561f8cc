-- wronglock_3 with its variables in an ets table.
require("lockstep.threads").use "ets"
require "wronglock_3"
