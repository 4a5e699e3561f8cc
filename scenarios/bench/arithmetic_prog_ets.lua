-- arithmetic_prog with its variables in an ets table.
require("lockstep.threads").use "ets"
require "arithmetic_prog"
