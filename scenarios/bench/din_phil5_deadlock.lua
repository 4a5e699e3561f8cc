-- din_phil5 in its deadlock form (after SCTBench, CS): five philosophers take the left fork, then the right. 6 threads with
-- main. In the published form, din_phil5.lua, a fork is taken for good and a counter checked.
-- Fails: deadlock
local threads = require "lockstep.threads"

threads.program("din_phil5_deadlock", require "families.philosophers"(5))
