// dpor reaches the outcomes of the naive search where processes send by name, watch each other,
// end, and live on nodes between which signals travel, are held up, lost or doubled.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/vm/random_programs.h"

namespace lockstep {
namespace {

// Two or three processes of a few operations each, and what the root does meanwhile. Each process
// writes down what it saw; the root tells it all when nothing else can happen.
std::string random_network(Prng& rng, const Setting& kind) {
  const uint32_t n = 2 + rng.below(2);
  std::string s = kLog;
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
    s += begin_process(p, !kind.nodes ? nullptr : p % 2 ? "a" : "b");
    if (rng.below(3) == 0) s += "  lockstep.flag('trap_exit', true)\n";
    const uint32_t steps = 1 + rng.below(n == 2 ? 4 : 2);
    for (uint32_t i = 0; i < steps; i++) operation(false);
    s += kEndProcess;
  }
  s += "do\n  local a, b, ref = pids[1], pids[2], nil\n  local function note() end\n";
  for (uint32_t i = rng.below(3); i > 0; i--) operation(true);
  return s + "end\n" + tell_all(n);
}

class Network : public testing::TestWithParam<Setting> {};

TEST_P(Network, ReachesTheOutcomesOfTheNaiveSearch) {
  expect_fewer_executions(GetParam(), 23, random_network);
}

INSTANTIATE_TEST_SUITE_P(Proof, Network,
                         testing::Values(Setting{.name = "instant"},
                                         Setting{.name = "async", .async = true},
                                         Setting{.name = "racy", .racy = true},
                                         Setting{.name = "simultaneous", .simultaneous = true},
                                         Setting{.name = "nodes", .nodes = true},
                                         Setting{.name = "faults", .nodes = true, .faults = true}),
                         setting_name);

// The root's node stays up, whether there are others or not.
TEST(NetworkFaults, TheRootsNodeCannotBeMadeToCrash) {
  for (const char* nodes : {"", "cluster.start_nodes({ 'a' })\n"}) {
    const std::string body =
        std::string(nodes) +
        "error((select(2, pcall(cluster.faults, { crash_nodes = { 'nonode@nohost' } }))), 0)\n";
    const Seen seen = all_of("dfs", program_of(body), "p");
    ASSERT_EQ(seen.outcomes.size(), 1u) << body;
    EXPECT_NE(seen.outcomes.begin()->find("the root's node stays up"), std::string::npos)
        << *seen.outcomes.begin();
  }
}

}  // namespace
}  // namespace lockstep
