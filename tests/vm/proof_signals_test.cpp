// dpor reaches the outcomes of the naive search where processes link, trap exits, watch each other
// under aliases, take that back, and are told to end.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/vm/each_class.h"
#include "tests/vm/random_programs.h"

namespace lockstep {
namespace {

// Two or three processes of a few operations each; the references that they make are there for
// others.
std::string random_signals(Prng& rng, const Setting& kind) {
  const uint32_t n = 2 + rng.below(2);
  std::string s = kLog;
  if (kind.nodes) s += "cluster.start_nodes({ 'a', 'b' })\n";
  const auto operation = [&](uint32_t p) {
    const char* to = rng.below(2) ? "a" : "b";
    const char* reasons[] = {"normal", "boom", "kill"};
    const char* modes[] = {"explicit_unalias", "demonitor", "reply_demonitor"};
    switch (rng.below(16)) {
      case 0:
        s += fmt::format("  note(lockstep.flag('trap_exit', {}))\n", rng.below(3) != 0);
        break;
      case 1:
      case 2:
        s += fmt::format("  if {0} then note(pcall(lockstep.link, {0})) end\n", to);
        break;
      case 3:
        s += fmt::format("  if {0} then lockstep.unlink({0}) end\n", to);
        break;
      case 4:
        s +=
            fmt::format("  if {0} then lockstep.exit({0}, '{1}') end\n", to, reasons[rng.below(3)]);
        break;
      case 5:
      case 6:
        s += fmt::format(
            "  if {0} then\n    ref = lockstep.monitor({0}, {{ alias = '{1}' }})\n"
            "    ets.insert(log, {{ 'ref{2}', ref }})\n  end\n",
            to, modes[rng.below(3)], p);
        break;
      case 7:
        s += fmt::format("  if {0} then ref = lockstep.monitor({0}) end\n", to);
        break;
      case 8:
        s += fmt::format("  if ref then note(lockstep.demonitor(ref, {{ {} }})) end\n",
                         rng.below(3) ? "flush = true" : "flush = true, info = true");
        break;
      case 9:
        s += rng.below(2) ? "  if ref then note(lockstep.demonitor(ref, { info = true })) end\n"
                          : "  if ref then note(lockstep.unalias(ref)) end\n";
        break;
      case 10:
        s += fmt::format(
            "  do\n    local r = ets.lookup(log, 'ref{}')[1]\n"
            "    if r then lockstep.send(r[2], {}) end\n  end\n",
            1 + rng.below(n), 1 + rng.below(2));
        break;
      case 11:
        s += fmt::format("  lockstep.spawn_link(function() lockstep.exit('{}') end)\n",
                         rng.below(2) ? "normal" : "boom");
        break;
      case 12:
        s += kind.nodes ? fmt::format("  if {0} then lockstep.send({0}, 1) end\n", to)
                        : fmt::format(
                              "  if {0} then note(#(lockstep.process_info({0}, '{1}') or {{}})) "
                              "end\n",
                              to, rng.below(2) ? "links" : "monitored_by");
        break;
      case 13:
        s += rng.below(2) ? "  lockstep.sleep(5)\n  note('slept')\n" : "  note(lockstep.recv(5))\n";
        break;
      default:
        s += "  note(lockstep.recv(0))\n";
    }
  };
  for (uint32_t p = 1; p <= n; p++) {
    s += begin_process(p, !kind.nodes ? nullptr : p % 2 ? "a" : "b");
    if (rng.below(3) == 0) s += "  lockstep.flag('trap_exit', true)\n";
    const uint32_t steps = 1 + rng.below(n == 2 ? 4 : 2);
    for (uint32_t i = 0; i < steps; i++) operation(p);
    s += kEndProcess;
  }
  return s + tell_all(n);
}

class Signals : public testing::TestWithParam<Setting> {};

TEST_P(Signals, ReachTheOutcomesOfTheNaiveSearch) {
  expect_fewer_executions(GetParam(), 31, random_signals);
}

INSTANTIATE_TEST_SUITE_P(Proof, Signals,
                         testing::Values(Setting{.name = "instant"},
                                         Setting{.name = "async", .async = true},
                                         Setting{.name = "racy", .racy = true},
                                         Setting{.name = "simultaneous", .simultaneous = true},
                                         Setting{.name = "nodes", .nodes = true}),
                         setting_name);

std::set<std::string> outcomes(const char* strategy, const char* body, bool async = false) {
  vm::MachineOptions machine;
  machine.async_delivery = async;
  return all_of(strategy, program_of(body), "p", {}, machine).outcomes;
}

// What a kill keeps from coming is looked at in each execution that has the kill: what follows it,
// and could have come before what it kept from coming, differs. Classes of the first program were
// missing, and with them a failure of the second.
TEST(Proof, WhatAKillKeepsFromComingIsLookedAtInEachExecution) {
  const std::string body =
      "lockstep.spawn(function()\n"
      "  local q = lockstep.self()\n"
      "  lockstep.register('n', q)\n"
      "  lockstep.spawn(function() lockstep.exit(q, 'kill') end)\n"
      "  local p = lockstep.spawn(function() lockstep.whereis('n') end)\n";
  expect_each_class_once(body + "  lockstep.alive(p)\nend)\n");
  const std::string fails =
      "local root = lockstep.self()\n" + body +
      "  if not lockstep.alive(p) then lockstep.send(root, 1) lockstep.send(root, 2) end\nend)\n"
      "error(tostring(lockstep.recv(10)) .. tostring(lockstep.recv(10)), 0)\n";
  const std::set<std::string> naive = outcomes("dfs", fails.c_str());
  EXPECT_TRUE(naive.contains("assertion 1nil"));
  EXPECT_EQ(outcomes("dpor", fails.c_str()), naive);
}

// A link that is still on its way to the other side when this side ends: both arrive there in turn.
TEST(Proof, ALinkOnItsWayIsFollowedByTheEnd) {
  const char* body =
      "local saw = 'nothing'\n"
      "local p = lockstep.spawn(function(root)\n"
      "  lockstep.flag('trap_exit', true)\n"
      "  local m = lockstep.recv(5)\n"
      "  lockstep.send(root, m and m[1] .. ' ' .. m[3] or 'nothing')\n"
      "end, lockstep.self())\n"
      "lockstep.spawn(function() pcall(lockstep.link, p) end)\n"
      "error(lockstep.recv(1000) or 'ended', 0)\n";
  const std::set<std::string> seen = outcomes("dpor", body, true);
  EXPECT_TRUE(seen.count("assertion EXIT normal"));
  EXPECT_EQ(seen, outcomes("dfs", body, true));
}

// Who monitors a process that was told to end, before it has ended, comes too late to learn why.
TEST(Proof, AMonitorRacesWithTheSignalThatEndsItsTarget) {
  const char* body =
      "local p = lockstep.spawn(function() lockstep.recv() end)\n"
      "lockstep.spawn(function()\n"
      "  lockstep.link(p)\n"
      "  lockstep.exit('boom')\n"
      "end)\n"
      "local ref = lockstep.monitor(p)\n"
      "error(lockstep.recv()[5], 0)\n";
  const std::set<std::string> seen = outcomes("dpor", body);
  EXPECT_EQ(seen, (std::set<std::string>{"assertion boom", "assertion noproc"}));
  EXPECT_EQ(seen, outcomes("dfs", body));
}

// demonitor with flush looks for one message: what else comes, and when, is all the same to it.
TEST(Proof, AFlushCommutesWithOtherMessages) {
  const char* body =
      "local me = lockstep.self()\n"
      "local function add(n) lockstep.spawn(function() lockstep.send(me, n) end) end\n"
      "local ref = lockstep.monitor(me)\n"
      "add(1)\n"
      "lockstep.demonitor(ref, { flush = true })\n"
      "error(tostring(lockstep.recv()), 0)\n";
  const Seen dpor = all_of("dpor", program_of(body), "p");
  EXPECT_EQ(dpor.executions, 1u);
  EXPECT_EQ(dpor.outcomes, outcomes("dfs", body));
}

}  // namespace
}  // namespace lockstep
