-- bluetooth_driver with its variables in an ets table.
require("lockstep.threads").use "ets"
require "bluetooth_driver"
