-- SafeStack with its variables in an ets table.
require("lockstep.threads").use "ets"
require "SafeStack"
