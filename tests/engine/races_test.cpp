// Races of executions that pass, by pattern and by the orders seen.
#include "engine/relation/races.h"

#include <gtest/gtest.h>

#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

RaceSummary races(const std::string& program, uint64_t iterations = 200,
                  const char* strategy = "random", unsigned workers = 1) {
  ExploreOptions options;
  options.strategy = strategy;
  options.iterations = iterations;
  options.workers = workers;
  options.max_failures = 0;
  options.race_samples = 64;
  return explore(
             [=] {
               auto toy = std::make_unique<ToySystem>(program);
               toy->allow_deadlock = true;
               return toy;
             },
             options)
      .races;
}

std::vector<RaceKind> kinds(const RaceSummary& summary) {
  std::vector<RaceKind> all;
  for (const RaceGroup& g : summary.groups)
    if (all.empty() || all.back() != g.kind) all.push_back(g.kind);
  return all;
}
using Kinds = std::vector<RaceKind>;

TEST(Races, NoneWhereNothingConflictsOrAllIsOrdered) {
  EXPECT_TRUE(races("Wx1 | Wy1 | Rz Rz").groups.empty());
  EXPECT_TRUE(races("Rx | Rx").groups.empty());
  EXPECT_TRUE(races("Ax1 | Ax1").groups.empty());
  EXPECT_TRUE(races("Wx1 S1a | Ta Rx Wx2").groups.empty());  // a message lies between
}

TEST(Races, PatternsAreTold) {
  EXPECT_EQ(kinds(races("Rx Wx1 | Rx Wx2")), Kinds{RaceKind::check_then_act});
  EXPECT_EQ(kinds(races("Wx1 | Wx2")), Kinds{RaceKind::write_order});
  EXPECT_EQ(kinds(races("Wx1 | Rx")), Kinds{RaceKind::read_order});
  EXPECT_EQ(kinds(races("S2a | S2b | T T")), Kinds{RaceKind::message_order});
  EXPECT_EQ(kinds(races("S1a | P")), Kinds{RaceKind::timeout_race});
  EXPECT_EQ(kinds(races("Rx Wy1 | Wx1")), Kinds{RaceKind::check_then_act});
}

// The reader looks at x, then at y. The order in which the writer fills them decides.
// A signal that ends a process races with what that does, whatever the two touch.
TEST(Races, ASignalThatEndsAProcessRacesWithItsSteps) {
  Event write, signal;
  write.step = 1;
  write.actor = write.process = 1;
  write.op = OpKind::ets;
  write.what = "ets.insert";
  write.footprint = {{make_object(ObjectClass::ets, 1, 5), Access::write},
                     {steps_of(1), Access::read}};
  signal.step = 2;
  signal.actor = 9;
  signal.process = 1;
  signal.kind = AltKind::deliver;
  signal.op = OpKind::deliver;
  signal.what = "deliver";
  signal.footprint = {{make_object(ObjectClass::process, 1), Access::write},
                      {steps_of(1), Access::add}};
  const ToySystem toy("Rx");
  RaceCollector races;
  races.add(std::vector{write, signal}, toy);
  const RaceSummary summary = races.summary();
  ASSERT_EQ(summary.groups.size(), 1u);
  EXPECT_EQ(summary.groups[0].kind, RaceKind::exit_race);
}

TEST(Races, PublishedBeforeFilledIn) {
  const auto has = [](const RaceSummary& s, RaceKind kind) {
    return std::any_of(s.groups.begin(), s.groups.end(),
                       [&](const RaceGroup& g) { return g.kind == kind; });
  };
  EXPECT_TRUE(has(races("Wx1 Wy1 | Rx ?x1 Ry"), RaceKind::publish_before_init));
  EXPECT_FALSE(has(races("Wy1 Wx1 | Rx ?x1 Ry"), RaceKind::publish_before_init));
}

// Both orders of two racing steps come up in 64 random executions but with a probability of 2^-63;
// in one execution there is one.
TEST(Races, TheOrdersSeen) {
  const RaceSummary many = races("Wx1 | Rx");
  ASSERT_EQ(many.groups.size(), 1u);
  EXPECT_TRUE(many.groups[0].both_orders());
  EXPECT_EQ(many.one_order(), 0u);
  const RaceSummary one = races("Wx1 | Rx", 1);
  ASSERT_EQ(one.groups.size(), 1u);
  EXPECT_FALSE(one.groups[0].both_orders());
  EXPECT_EQ(one.one_order(), 1u);
  EXPECT_EQ(one.sampled, 1u);
}

TEST(Races, WorkAlsoOnExhaustiveSearches) {
  for (const char* strategy : {"dfs", "dpor"}) {
    const RaceSummary s = races("Wx1 Ry | Wy1 Rx", 0, strategy);
    ASSERT_EQ(s.groups.size(), 2u) << strategy;
    EXPECT_EQ(s.one_order(), 0u) << strategy;
  }
}

TEST(Races, DoNotDependOnTheWorkers) {
  const auto text = [](const RaceSummary& s) {
    std::string all = std::to_string(s.sampled);
    for (const RaceGroup& g : s.groups)
      all += " " + g.object + g.first.site + g.second.site + std::to_string(g.executions) +
             std::to_string(g.first_first) + std::to_string(g.second_first);
    return all;
  };
  const char* program = "Rx Wx1 S2a | Ry Wx2 S2b | T Rx T Wy1";
  EXPECT_EQ(text(races(program, 3000)), text(races(program, 3000, "random", 3)));
}

TEST(Races, TheSampleStaysSmall) {
  EXPECT_EQ(races("Wx1 | Rx", 64).sampled, 64u);
  const uint64_t many = races("Wx1 | Rx", 4096).sampled;
  EXPECT_GT(many, 64u);
  EXPECT_LE(many, 64u + 6 * 17);
}

}  // namespace
}  // namespace lockstep
