-- RADBench_bug1 with its variables in an ets table.
require("lockstep.threads").use "ets"
require "RADBench_bug1"
