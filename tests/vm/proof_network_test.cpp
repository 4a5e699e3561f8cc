// dpor reaches the outcomes of the naive search where processes send by name, watch each other,
// end, and live on nodes between which signals travel, are held up, lost or doubled.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "engine/prng.h"
#include "tests/vm/tree_search.h"

namespace lockstep {
namespace {

struct Kind {
  const char* name;
  bool nodes = false, async = false, racy = false, faults = false;
};

// Two or three processes of a few operations each, and what the root does meanwhile. Each process
// writes down what it saw; the root tells it all when nothing else can happen.
std::string random_network(Prng& rng, const Kind& kind) {
  const uint32_t n = 2 + rng.below(2);
  std::string s =
      "local log = ets.new('log', { 'public' })\nlocal pids = {}\n"
      "local function shown(v)\n"
      "  return type(v) == 'table' and tostring(v[1]) .. tostring(v[#v]) or tostring(v)\nend\n";
  if (kind.nodes) s += "cluster.start_nodes({ 'a', 'b' })\n";
  if (kind.faults)
    s += rng.below(2) ? "cluster.faults({ loss = 1 })\n" : "cluster.faults({ duplicate = 1 })\n";
  const auto operation = [&](bool root) {
    const char* to = rng.below(2) ? "a" : "b";
    switch (rng.below(kind.nodes ? 11 : 13)) {
      case 0:
      case 1:
      case 2:
        s += fmt::format("  if {0} then lockstep.send({0}, {1}) end\n", to, 1 + rng.below(2));
        break;
      case 3:
      case 4:
        s += "  note(lockstep.recv(0))\n";
        break;
      case 5:
        s += fmt::format("  note(lockstep.recv({}))\n", 5 + rng.below(2) * 5);
        break;
      case 6:
        s += fmt::format("  if {0} then ref = lockstep.monitor({0}) end\n", to);
        break;
      case 7:
        s += rng.below(2) ? fmt::format("  if {0} then note(pcall(lockstep.link, {0})) end\n", to)
                          : fmt::format("  if {0} then lockstep.exit({0}, 'kill') end\n", to);
        break;
      case 8:
        if (rng.below(2))
          s += "  if ref then note(lockstep.demonitor(ref, { info = true })) end\n";
        else if (kind.nodes)
          s += "  lockstep.send({ 'name', 'a' }, 3)\n";
        else
          s += fmt::format("  lockstep.send_after(lockstep.self(), 'late', {})\n",
                           5 + rng.below(2) * 5);
        break;
      case 9:
        s += "  note(pcall(lockstep.register, 'name', lockstep.self()))\n";
        break;
      case 10:
        if (!kind.nodes)
          s += "  note(pcall(lockstep.send, 'name', 3))\n";
        else if (root && rng.below(2))
          s += rng.below(2) ? "  cluster.partition('a', 'b', { mode = 'defer' })\n"
                            : "  cluster.partition('a', 'b')\n";
        else if (root)
          s += "  cluster.heal()\n";
        break;
      case 11:
        s += "  note(pcall(lockstep.send, 'name', 4))\n";
        break;
      default:
        s += fmt::format("  if {0} then note(lockstep.alive({0})) end\n", to);
    }
  };
  for (uint32_t p = 1; p <= n; p++) {
    s += fmt::format("pids[{}] = ", p);
    s += kind.nodes ? fmt::format("cluster.spawn('{}', ", p % 2 ? "a" : "b") : "lockstep.spawn(";
    s += "function(a, b)\n  local saw, ref = '', nil\n";
    s += fmt::format(
        "  local function note(v) saw = saw .. ' ' .. shown(v) ets.insert(log, {{ {}, "
        "saw }}) end\n",
        p);
    if (rng.below(3) == 0) s += "  lockstep.flag('trap_exit', true)\n";
    const uint32_t steps = 1 + rng.below(n == 2 ? 4 : 2);
    for (uint32_t i = 0; i < steps; i++) operation(false);
    s += "end, pids[1], pids[2])\n";
  }
  s += "do\n  local a, b, ref = pids[1], pids[2], nil\n  local function note() end\n";
  for (uint32_t i = rng.below(3); i > 0; i--) operation(true);
  return s +
         "end\nlockstep.sleep(60000)\nlocal all = ''\n"
         "for i = 1, " +
         std::to_string(n) +
         " do local r = ets.lookup(log, i)[1] all = all .. ' |' .. (r and r[2] or '?') end\n"
         "error(all, 0)\n";
}

class Network : public testing::TestWithParam<Kind> {};

TEST_P(Network, ReachesTheOutcomesOfTheNaiveSearch) {
  const Kind kind = GetParam();
  const char* seed = getenv("PROOF_SEED");
  Prng rng(seed ? strtoull(seed, nullptr, 10) : 23);
  vm::MachineOptions machine;
  machine.async_delivery = kind.async;
  machine.racy_timers = kind.racy;
  const int wanted = kind.racy ? 12 : 30;  // time that may pass at any time makes many schedules
  int programs = 0;
  uint64_t naive_sum = 0, dpor_sum = 0;
  for (int tries = 0; programs < wanted && tries < 400; tries++) {
    const std::string body = random_network(rng, kind);
    SCOPED_TRACE(body);
    const vm::Program program = program_of(body);
    const Seen naive = all_of("dfs", program, "p", {}, machine, 3'000);
    if (!naive.complete || naive.executions == 1) continue;
    programs++;
    const Seen dpor = all_of("dpor", program, "p", {}, machine);
    EXPECT_TRUE(dpor.complete);
    EXPECT_EQ(dpor.outcomes, naive.outcomes);
    EXPECT_LE(dpor.executions, naive.executions);
    naive_sum += naive.executions;
    dpor_sum += dpor.executions;
  }
  EXPECT_EQ(programs, wanted);
  EXPECT_LT(dpor_sum * 2, naive_sum);  // not by doing the same
}

INSTANTIATE_TEST_SUITE_P(Proof, Network,
                         testing::Values(Kind{.name = "instant"},
                                         Kind{.name = "async", .async = true},
                                         Kind{.name = "racy", .racy = true},
                                         Kind{.name = "nodes", .nodes = true},
                                         Kind{.name = "faults", .nodes = true, .faults = true}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace lockstep
