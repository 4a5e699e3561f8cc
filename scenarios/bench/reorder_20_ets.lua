-- reorder_20 with its variables in an ets table.
require("lockstep.threads").use "ets"
require "reorder_20"
