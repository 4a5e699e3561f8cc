// The search that visits each state once, on the real machine: is a state all that the future
// depends on? Programs that learn things in as many ways as there are reach the outcomes of the
// naive search.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "engine/prng.h"
#include "tests/vm/tree_search.h"

namespace lockstep {
namespace {

// What a process learns it writes down, and nothing else tells its states apart.
const char* const kSteps[] = {
    "note(lockstep.now())",
    "lockstep.sleep(1)",
    "note(lockstep.recv(0))",
    "note(lockstep.recv(2))",
    "note(lockstep.choose(2))",
    "note(pcall(ets.lookup_element, t, 'x', 2))",
    "note(ets.insert_new(t, { 'x', 1 }))",
    "ets.insert(t, { 'x', 2 })",
    "ets.delete(t, 'x')",
    "note(ets.foldl(function(r, n) return n + r[2] end, 0, t))",
    "note(#ets.tab2list(t))",
    "note(atomics.add_get(a, 1, 1))",
    "atomics.put(a, 1, 3)",
    "note(atomics.exchange(a, 1, 5))",
    "note(atomics.compare_exchange(a, 1, 0, 7))",
    "persistent_term.put('k', atomics.get(a, 1))",
    "note(persistent_term.get('k', 'none'))",
    "note(pcall(lockstep.register, 'name', lockstep.self()))",
    "note(pcall(lockstep.unregister, 'name'))",
    "note(pcall(lockstep.send, 'name', 4))",
    "note(#lockstep.registered())",
    "if other then lockstep.send(other, 1) end",
    "if other then lockstep.send_after(other, 2, 1) end",
    "if other then timer = lockstep.send_after(other, 3, 2) end",
    "if timer then note(lockstep.cancel_timer(timer)) end",
    "if timer then note(lockstep.read_timer(timer)) end",
    "if other then note(lockstep.alive(other)) end",
    "if other then lockstep.exit(other, 'boom') end",
    "if other then lockstep.exit(other, 'kill') end",
    "if other then note(pcall(lockstep.link, other)) end",
    "if other then lockstep.monitor(other) end",
    "lockstep.flag('trap_exit', true)",
    "lockstep.spawn(function(v) ets.insert(log, { 'child', v }) end, atomics.get(a, 1))",
    "lockstep.spawn_monitor(function() atomics.add(a, 1, 10) end)",
    // a matcher that counts how often it is asked
    "local asked = 0 note(lockstep.recv_first(function(m) asked = asked + 1 return m == 1 end, 1)) "
    "note(asked)",
    "local mine = ets.new('mine', { 'public' }) ets.insert(mine, { 'x', 0 }) note(#ets.all())",
    "local seen = { n = atomics.get(a, 1) } lockstep.yield() note(seen.n)",
};

std::string random_mixture(Prng& rng, bool few) {
  const uint32_t n = few ? 2 : 2 + (rng.below(3) == 0);
  std::string s =
      "local atomics, persistent_term = lockstep.atomics, require 'lockstep.persistent_term'\n"
      "local t = ets.new('t', { 'public' })\nlocal log = ets.new('log', { 'public' })\n"
      "local a = atomics.new(1)\nlocal pids = {}\nlocal function shown(v)\n"
      "  return type(v) == 'table' and tostring(v[1]) .. tostring(v[#v]) or tostring(v)\nend\n";
  for (uint32_t p = 1; p <= n; p++) {
    s += fmt::format(
        "pids[{}] = lockstep.spawn(function(other)\n  local saw, timer = '', nil\n"
        "  local function note(v, w)\n    saw = saw .. ' ' .. shown(v) .. (w and shown(w) or '')\n"
        "    ets.insert(log, {{ {}, saw }})\n  end\n",
        p, p);
    const uint32_t steps = 1 + rng.below(few ? (p == 1 ? 2 : 1) : n == 2 ? 3 : 2);
    for (uint32_t i = 0; i < steps; i++)
      s += fmt::format("  do {} end\n", kSteps[rng.below(std::size(kSteps))]);
    s += fmt::format("end, pids[{}])\n", p - 1);
  }
  return s +
         "lockstep.sleep(1000)\nlocal all = ''\n"
         "for _, k in ipairs { 1, 2, 3, 'child' } do\n"
         "  local r = ets.lookup(log, k)[1] all = all .. ' |' .. (r and shown(r[2]) or '?') end\n"
         "error(all .. ' ' .. atomics.get(a, 1) .. ' ' .. lockstep.now(), 0)\n";
}

struct Totals {
  int programs = 0;
  uint64_t naive = 0, once = 0;
};

Totals compare(uint64_t seed, int programs, const vm::MachineOptions& machine, int preemptions,
               bool few = false) {
  Prng rng(getenv("CACHE_SEED") ? strtoull(getenv("CACHE_SEED"), nullptr, 10) : seed);
  if (const char* text = getenv("CACHE_PROGRAMS")) programs = atoi(text);
  Totals totals;
  for (int tries = 0; totals.programs < programs && tries < programs * 40; tries++) {
    const std::string body = random_mixture(rng, few);
    SCOPED_TRACE(body);
    const vm::Program program = program_of(body);
    const Seen naive = all_of("dfs", program, "p", {}, machine, few ? 1'500 : 3'000, preemptions);
    if (!naive.complete) continue;
    totals.programs++;
    const Seen once = all_of("cache", program, "p", {}, machine, 60'000, preemptions);
    EXPECT_TRUE(once.complete);
    EXPECT_EQ(once.outcomes, naive.outcomes);
    totals.naive += naive.executions;
    totals.once += once.executions;
  }
  EXPECT_EQ(totals.programs, programs);
  EXPECT_LT(totals.once, totals.naive);
  return totals;
}

TEST(Cache, ReachesTheOutcomesOfTheNaiveSearch) { compare(3, 60, {}, -1); }

TEST(Cache, WithSignalsUnderWayAndTimersThatRace) {
  vm::MachineOptions machine;
  machine.async_delivery = true;
  compare(5, 12, machine, -1, true);
  machine.async_delivery = false;
  machine.racy_timers = true;
  compare(6, 12, machine, -1, true);
}

TEST(Cache, WithABoundOnPreemptions) {
  for (int bound = 0; bound <= 2; bound++) compare(8, 30, {}, bound);
}

}  // namespace
}  // namespace lockstep
