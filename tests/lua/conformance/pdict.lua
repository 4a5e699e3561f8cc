-- The process dictionary, flags, references.
local lockstep = require "lockstep"
local case = require "case"
local same = case.same

-- Without get_keys, which is asked of get here.
lockstep.scenario("pdict-get-keys", function()
  local main = lockstep.self()
  lockstep.spawn(function()
    lockstep.put("a", 1)
    lockstep.put("b", 2)
    lockstep.put("c", 1)
    local keys = {}
    for _, pair in ipairs(lockstep.get()) do
      if pair[2] == 1 then
        keys[#keys + 1] = pair[1]
      end
    end
    table.sort(keys)
    local all = lockstep.erase()
    table.sort(all, function(x, y)
      return x[1] < y[1]
    end)
    lockstep.send(main, { keys, all, lockstep.get() })
  end)
  same(lockstep.recv(), { { "a", "c" }, { { "a", 1 }, { "b", 2 }, { "c", 1 } }, {} })
end)

lockstep.scenario("pdict-process-info-dead", function()
  same(lockstep.alive(case.dead()), false)
end)

lockstep.scenario("pdict-flag-badarg", function()
  same(
    { case.raised(lockstep.flag, "bogus", true), case.raised(lockstep.flag, "trap_exit", "maybe") },
    { case.badarg, case.badarg }
  )
end)

lockstep.scenario("pdict-ref-unique", function()
  local function collect(to)
    local refs = {}
    for i = 1, 10 do
      refs[i] = lockstep.make_ref()
    end
    if to then
      lockstep.send(to, refs)
    end
    return refs
  end
  local main = lockstep.self()
  lockstep.spawn(collect, main)
  lockstep.spawn(collect, main)
  local distinct, n = {}, 0
  for _, refs in ipairs({ collect(), lockstep.recv(), lockstep.recv() }) do
    for _, ref in ipairs(refs) do
      n = n + (distinct[ref] and 0 or 1)
      distinct[ref] = true
    end
  end
  same(n, 30)
end)
