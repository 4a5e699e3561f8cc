#include "engine/explore/estimate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

Estimate of(const std::string& strategy, const std::string& program, uint64_t iterations) {
  ExploreOptions o;
  o.strategy = strategy;
  o.iterations = iterations;
  o.max_failures = 0;
  ExploreResult r = explore(ToySystem::factory(program), o);
  r.iterations = iterations;  // as if auto had gone on sampling instead of proving
  return estimate(r, *find_strategy(strategy), 3);
}

TEST(Estimate, NothingIsUnseenWhereEverythingWasSeenOften) {
  const Estimate e = of("random", "Wx1 | Wx2", 1000);
  EXPECT_EQ(e.unseen, 0.0);
  EXPECT_EQ(e.classes, 2.0);
  EXPECT_GT(*e.unseen_bound, 0.0);
}

TEST(Estimate, AlmostAllIsUnseenWhereEachExecutionIsNew) {
  const Estimate e = of(
      "random", "Ix Ix Ix Ix Ix Ix Ix Ix | Ix Ix Ix Ix Ix Ix Ix Ix | Ix Ix Ix Ix Ix Ix Ix Ix", 500);
  EXPECT_GT(*e.unseen, 0.9);
}

TEST(Estimate, TheRuleOfThree) {
  EXPECT_NEAR(*of("random", "Wx1 | Wx2", 1000).failure_bound, 3.0 / 1000, 1e-5);
}

TEST(Estimate, NoFigureWhereItsAssumptionDoesNotHold) {
  const Estimate adaptive = of("auto", "Wx1 | Wx2", 1000);
  EXPECT_FALSE(adaptive.unseen || adaptive.classes);
  const Estimate learning = of("rff", "Wx1 | Wx2", 1000);
  EXPECT_FALSE(learning.unseen || learning.failure_bound || learning.pct_hit);
  EXPECT_FALSE(of("pos", "Wx1 | Wx2", 1000).pct_hit);
  EXPECT_FALSE(of("random", "Wx1 | Wx2 Rx ?x2 E", 1000).failure_bound);  // it did fail
  const Estimate all = of("dfs", "Wx1 | Wx2", 0);
  EXPECT_FALSE(all.unseen || all.failure_bound);
}

// Of 1000 executions, numbers 23, 55, .. 983 and the pilot are random walks.
TEST(Estimate, APortfolioPromisesWhatItsMembersDo) {
  const Estimate e = of("auto", "Wx1 Wx1 | Wx2 Wx2", 1000);
  EXPECT_TRUE(e.of_random_walk);
  EXPECT_EQ(e.draws, 32u);
  EXPECT_NEAR(*e.failure_bound, 1 - std::pow(0.05, 1.0 / 32), 1e-12);
  // idpct makes 62, a fifth of them of depth 3, 7 of 8 within k: n = 2, k <= 3, so 1 in 18 each.
  EXPECT_GT(*e.pct_hit, 1 - std::pow(17.0 / 18, 62 / 5.0 * 7 / 8) - 1e-9);
  EXPECT_LT(*e.pct_hit, 1 - std::pow(0.5, 62 / 5.0));
}

// Of 983 executions numbers 23, 55, .. 951 would be random walks; a proof took 55, 87 and 119.
TEST(Estimate, ATurnThatAProofTookIsNone) {
  ExploreResult r;
  r.iterations = 983;
  r.tried = {{32, 122}};
  EXPECT_EQ(estimate(r, *find_strategy("auto"), 3).draws, 1 + 30u - 3);
}

TEST(Estimate, ThePilotIsNoDrawOfAnotherStrategy) {
  EXPECT_EQ(of("pos", "Wx1 | Wx2", 10).draws, 9u);
  EXPECT_EQ(of("random", "Wx1 | Wx2", 10).draws, 10u);
}

TEST(Estimate, PctByObservedSize) {
  const Estimate e = of("pct", "Wx1 Wx1 | Wx2 Wx2", 1000);
  EXPECT_GT(*e.pct_hit, 0.99);  // n = 2, k <= 3: at least 1 in 18 each
}

}  // namespace
}  // namespace lockstep
