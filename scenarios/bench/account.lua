-- account (SCTBench, CS): one thread deposits, one withdraws, a third checks the balance when both are done, by a formula
-- that takes the deposit off instead of adding it. It fails if the check comes last. 4 threads with main.
-- Fails: crash
local threads = require "lockstep.threads"

threads.program("account", function()
  local x, y, z = 1, 2, 4
  local balance, m = threads.cell("balance", x), threads.mutex("m")
  local deposit_done, withdraw_done = threads.cell("deposit_done"), threads.cell("withdraw_done")

  local function deposit()
    m:lock()
    balance:set(balance:get() + y)
    deposit_done:set(1)
    m:unlock()
  end
  local function withdraw()
    m:lock()
    balance:set(balance:get() - z)
    withdraw_done:set(1)
    m:unlock()
  end
  local function check()
    m:lock()
    if deposit_done:get() == 1 and withdraw_done:get() == 1 then
      assert(balance:get() == (x - y) - z, "the balance is not what the formula says")
    end
    m:unlock()
  end

  local checker = threads.create(check)
  local depositor, withdrawer = threads.create(deposit), threads.create(withdraw)
  for _, thread in ipairs { withdrawer, depositor, checker } do threads.join(thread) end
end)
