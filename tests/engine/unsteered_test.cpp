// Runs that nobody steers: the model's law where it can be worked out by hand, and the counts.
#include "engine/explain/unsteered.h"

#include <gtest/gtest.h>

#include "engine/explore/explorer.h"
#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

Outcome failure_of(const char* program) {
  ExploreOptions o;
  o.iterations = 10000;
  const auto r = explore(ToySystem::factory(program), o);
  EXPECT_EQ(r.findings.size(), 1u);
  return r.findings.at(0).outcome;
}

Unsteered runs(const char* program, int cores, uint64_t n = 10'000) {
  ToySystem system(program);
  UnsteeredOptions o;
  o.runs = n;
  o.max_decisions = 0;
  o.cores = cores;
  return unsteered(system, 1, failure_of(program), o);
}

// On one core whoever is first goes on until it is done; only a slice of 400 steps ends that.
TEST(Unsteered, OneCoreServesOneAfterTheOther) {
  EXPECT_EQ(runs("Wx1 Wy1 | Rx ?x1 E", 1).tally.share(), 1);
  EXPECT_EQ(runs("Rx ?x1 E | Wx1 Wy1", 1).tally.share(), 0);
}

// On two cores both begin at once, and either may be first: with one step each, as often as not.
// 10,000 draws have a standard deviation of 0.005.
TEST(Unsteered, TwoCoresAreAsFast) {
  EXPECT_NEAR(runs("Wx1 | Rx ?x1 E", 2).tally.share(), 0.5, 0.025);
}

// Two steps of 1/2 to 3/2 each before one such step: the integral of (v - 1/2)^2 / 2 from 1/2 to 1
// is 1/48; one step in 1024 is held up, which puts the second one last.
TEST(Unsteered, TwoStepsBeforeOneAreRare) {
  const auto tally = runs("Ry Wx1 | Rx ?x1 E", 2, 40'000).tally;
  EXPECT_NEAR(tally.share(), 1.0 / 48 + 1.0 / 1024, 0.004);
  EXPECT_LT(tally.interval().low, 1.0 / 48 + 1.0 / 1024);
  EXPECT_GT(tally.interval().high, 1.0 / 48);
}

// What the line of a report says can be had by a run of the strategy.
TEST(Unsteered, CountsWhatTheStrategyFinds) {
  const char* program = "Rx Wx1 Ry ?y1 E | Wy1 Rx ?x1 E";
  const Outcome failing = failure_of(program);
  ExploreOptions o;
  o.strategy = "native";
  o.strategy_options.cores = 3;
  o.iterations = 5000;
  o.max_failures = 0;
  const auto searched = explore(ToySystem::factory(program), o);
  const auto counted = runs(program, 3, 5000);
  EXPECT_EQ(counted.tally.tried, 5000u);
  uint64_t alike = 0, all = 0;
  for (const Finding& f : searched.findings) {
    all += f.times;
    if (fails_alike(failing, f.outcome)) alike += f.times;
  }
  EXPECT_EQ(counted.tally.failed, alike);
  EXPECT_EQ(counted.tally.failed + counted.tally.otherwise, all);
}

TEST(Unsteered, EndsWithItsBudget) {
  ToySystem system("Wx1 Wy1 | Rx ?x1 E");
  UnsteeredOptions o;
  o.max_decisions = 100;
  const auto u = unsteered(system, 1, failure_of("Wx1 Wy1 | Rx ?x1 E"), o);
  EXPECT_TRUE(u.budget_ended);
  EXPECT_GE(u.tally.tried, 20u);
  EXPECT_LE(u.tally.tried, 50u);
  std::atomic<bool> interrupted{true};
  o.interrupted = &interrupted;
  EXPECT_EQ(unsteered(system, 1, {}, o).tally.tried, 0u);
}

}  // namespace
}  // namespace lockstep
