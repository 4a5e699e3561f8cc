// The search that visits each state once, on the real machine: is a state all that the future
// depends on? Programs that learn things in as many ways as there are reach the outcomes of the
// naive search.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/vm/random_programs.h"

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
      "local t = ets.new('t', { 'public' })\nlocal a = atomics.new(1)\n" +
      kLog;
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
  return s + tell_all(3, " .. ' ' .. atomics.get(a, 1) .. ' ' .. lockstep.now()", ", 'child'");
}

void compare(const SmallPrograms& small, bool few = false) {
  uint64_t naive_sum = 0, once_sum = 0;
  each_of(
      small, [&](Prng& rng) { return random_mixture(rng, few); },
      [&](const vm::Program& program, const Seen& naive) {
        const Seen once =
            all_of("cache", program, "p", {}, small.machine, 60'000, small.preemptions);
        EXPECT_TRUE(once.complete);
        EXPECT_EQ(once.outcomes, naive.outcomes);
        naive_sum += naive.executions;
        once_sum += once.executions;
      });
  EXPECT_LT(once_sum, naive_sum);
}

TEST(Cache, ReachesTheOutcomesOfTheNaiveSearch) { compare({.seed = 3, .wanted = 60}); }

TEST(Cache, WithSignalsUnderWayAndTimersThatRace) {
  vm::MachineOptions machine;
  machine.async_delivery = true;
  compare({.seed = 5, .wanted = 12, .machine = machine, .most = 1'500}, true);
  machine.async_delivery = false;
  machine.timers = vm::TimerMode::racy;
  compare({.seed = 6, .wanted = 12, .machine = machine, .most = 1'500}, true);
}

TEST(Cache, WithABoundOnPreemptions) {
  for (int bound = 0; bound <= 2; bound++) compare({.seed = 8, .wanted = 30, .preemptions = bound});
}

// Until a process has ended, others are told what it put: states that differ in it are two.
TEST(Cache, WhatAProcessShowsIsPartOfTheState) {
  for (const auto& [put, item] : {std::pair("put('d', lockstep.choose(2))", "dictionary"),
                                  {"flag('priority', lockstep.choose{'high', 'low'})", "priority"},
                                  {"set_label(lockstep.choose{'one', 'two'})", "label"}}) {
    SCOPED_TRACE(put);
    const std::string body = fmt::format(
        "local p = lockstep.spawn(function() lockstep.{} end)\n"
        "local told = lockstep.process_info(p, '{}')\n"
        "if type(told) == 'table' then told = told[1] and told[1][2] or 'nothing yet' end\n"
        "error(told, 0)\n",
        put, item);
    const Seen naive = all_of("dfs", program_of(body), "p");
    EXPECT_EQ(naive.outcomes.size(), 3u);
    EXPECT_EQ(all_of("cache", program_of(body), "p").outcomes, naive.outcomes);
  }
}

// Each operation inside a transaction may raise an error that is caught there.
TEST(Cache, WhatErrorsInATransactionTellIsPartOfTheState) {
  const std::string body =
      "local t, who = ets.new('t', { 'public' })\n"
      "lockstep.spawn(function() ets.insert(t, { lockstep.choose{'a', 'b'}, 5 }) end)\n"
      "lockstep.sleep(1)\n"
      "ets.transaction(t, { 'a', 'b', 'z' }, function()\n"
      "  ets.lookup(t, 'z')\n"
      "  local a = pcall(ets.lookup_element, t, 'a', 2)\n"
      "  local b = pcall(ets.lookup_element, t, 'b', 2)\n"
      "  who = a and 'a' or 'b'\n"
      "  ets.delete(t, 'a') ets.delete(t, 'b')\nend)\n"
      "lockstep.spawn(function() end)\nlockstep.yield()\nerror(who, 0)\n";
  const Seen naive = all_of("dfs", program_of(body), "p");
  EXPECT_EQ(naive.outcomes.size(), 2u);
  EXPECT_EQ(all_of("cache", program_of(body), "p").outcomes, naive.outcomes);
}

// A predicate may remember: then states differ that are equal in all else.
TEST(Cache, WhatAPredicateKeepsIsPartOfTheState) {
  for (const char* wanted : {"true", "false"}) {
    const std::string body = fmt::format(
        "local a, both = lockstep.atomics.new(3), false\n"
        "local function at(i) return lockstep.atomics.get(a, i) == 1 end\n"
        "lockstep.invariant('i', function()\n"
        "  both = both or at(1) and at(2)\n  return not (both == {} and at(3))\nend)\n"
        "local function up(i) lockstep.atomics.put(a, i, 1) lockstep.atomics.put(a, i, 0) end\n"
        "lockstep.spawn(up, 2)\nlockstep.spawn(up, 1)\nlockstep.sleep(1)\n"
        "lockstep.spawn(up, 1)\nlockstep.spawn(lockstep.atomics.get, a, 1)\n"
        "lockstep.atomics.put(a, 3, 1)\nlockstep.sleep(1)\n",
        wanted);
    SCOPED_TRACE(body);
    const Seen naive = all_of("dfs", program_of(body), "p");
    EXPECT_EQ(naive.outcomes.size(), 2u);
    for (const char* strategy : {"dpor", "cache"})
      EXPECT_EQ(all_of(strategy, program_of(body), "p").outcomes, naive.outcomes) << strategy;
  }
}

}  // namespace
}  // namespace lockstep
