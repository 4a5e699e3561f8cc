-- RADBench_bug3 with its variables in an ets table.
require("lockstep.threads").use "ets"
require "RADBench_bug3"
