-- RADBench_bug4 with its variables in an ets table.
require("lockstep.threads").use "ets"
require "RADBench_bug4"
