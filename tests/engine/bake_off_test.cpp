// Censored statistics against values computed by hand or known from books, and the bake-off on the
// toy.
#include "engine/explore/bake_off.h"

#include <gtest/gtest.h>

#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

std::vector<Trial> trials(std::initializer_list<int> found, std::initializer_list<int> censored) {
  std::vector<Trial> all;
  for (const int t : found) all.push_back({static_cast<uint64_t>(t), true});
  for (const int t : censored) all.push_back({static_cast<uint64_t>(t), false});
  return all;
}

TEST(FirstFailure, WithoutCensoringTheRestrictedMeanIsTheMean) {
  const FirstFailure f = first_failure(trials({1, 2, 6}, {}));
  EXPECT_EQ(f.found, 3u);
  EXPECT_DOUBLE_EQ(*f.mean, 3);
  EXPECT_DOUBLE_EQ(f.restricted_mean, 3);
  EXPECT_NEAR(*f.deviation, 2.6458, 1e-4);  // sqrt(7)
  EXPECT_DOUBLE_EQ(*f.lower, 1);
  EXPECT_DOUBLE_EQ(*f.median, 2);
  EXPECT_DOUBLE_EQ(*f.upper, 6);
}

TEST(FirstFailure, TrialsThatReachTheCapCountWithTheCap) {
  const FirstFailure f = first_failure(trials({10, 30}, {100, 100}));
  EXPECT_DOUBLE_EQ(*f.mean, 20);
  EXPECT_DOUBLE_EQ(f.restricted_mean, 60);
  EXPECT_DOUBLE_EQ(*f.median, 30);
  EXPECT_FALSE(f.upper);
}

TEST(FirstFailure, NothingFoundHasNoMean) {
  const FirstFailure f = first_failure(trials({}, {50, 50}));
  EXPECT_FALSE(f.mean);
  EXPECT_FALSE(f.median);
  EXPECT_DOUBLE_EQ(f.restricted_mean, 50);
}

// Remission times of 21 leukaemia patients under 6-mercaptopurine, Freireich et al. 1963: the
// textbook case of the Kaplan-Meier estimate. Median 23; restricted mean up to 35 weeks 23.29.
TEST(FirstFailure, TheTextbookCase) {
  const FirstFailure f = first_failure(
      trials({6, 6, 6, 7, 10, 13, 16, 22, 23}, {6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35}));
  EXPECT_DOUBLE_EQ(*f.lower, 13);
  EXPECT_DOUBLE_EQ(*f.median, 23);
  EXPECT_FALSE(f.upper);
  EXPECT_NEAR(f.restricted_mean, 23.287, 0.001);
}

TEST(FirstFailure, GeometricMean) {
  EXPECT_DOUBLE_EQ(geometric_mean(std::vector<double>{2, 8}), 4);
  EXPECT_DOUBLE_EQ(geometric_mean({}), 0);
}

BakeOffOptions options_for(std::vector<std::string> strategies) {
  BakeOffOptions o;
  for (const auto& name : strategies) o.contestants.emplace_back().strategy = name;
  o.trials = 200;
  o.cap = 100;
  o.coverage = 500;
  return o;
}

// The reader is first or last, each with probability one half: the first failure is geometric with
// mean 2. 200 trials: the mean is off by more than 0.5 with probability below 1e-6.
TEST(BakeOff, MeasuresAKnownLaw) {
  const BakeOff b = bake_off(ToySystem::factory("Rx ?x1 E | Wx1"), options_for({"random", "dfs"}));
  ASSERT_EQ(b.contestants.size(), 2u);
  const Contestant& random = b.contestants[0];
  EXPECT_EQ(random.first.found, 200u);
  EXPECT_NEAR(*random.first.mean, 2, 0.5);
  EXPECT_EQ(random.signatures.size(), 1u);
  EXPECT_EQ(random.signatures.begin()->second, 200u);
  EXPECT_EQ(random.coverage->executions, 500u);
  EXPECT_EQ(random.coverage->classes, 2u);
  EXPECT_DOUBLE_EQ(*random.coverage->unseen, 0);
  const Contestant& dfs = b.contestants[1];
  EXPECT_DOUBLE_EQ(*dfs.first.deviation, 0);  // the seed does not matter
  EXPECT_EQ(dfs.coverage->executions, 2u);
  EXPECT_FALSE(dfs.coverage->unseen);
}

TEST(BakeOff, TheCountsDoNotDependOnTheWorkers) {
  BakeOffOptions o = options_for({"random", "pct", "rff", "auto"});
  o.trials = 20;
  const auto counts = [&](unsigned workers) {
    o.workers = workers;
    const BakeOff b =
        bake_off(ToySystem::factory("Rx Wx1 Ry ?y1 E | Wy1 Rx ?x1 E | Rx Wx1 | Iz Iz"), o);
    std::vector<uint64_t> all;
    for (const Contestant& c : b.contestants) {
      for (const Trial& t : c.trials) all.push_back(t.executions * 2 + t.found);
      all.push_back(c.coverage->classes);
      all.push_back(c.coverage->once);
    }
    return all;
  };
  const auto alone = counts(1);
  EXPECT_EQ(alone.size(), 4u * 22);
  EXPECT_EQ(alone, counts(4));
}

TEST(BakeOff, AnInterruptedOneHasTheFinishedTrialsOnly) {
  BakeOffOptions o = options_for({"random"});
  const std::atomic<bool> interrupted{true};
  o.interrupted = &interrupted;
  const BakeOff b = bake_off(ToySystem::factory("Wx1 | Wx2"), o);
  EXPECT_TRUE(b.interrupted);
  EXPECT_LE(b.contestants[0].trials.size(), 1u);
}

}  // namespace
}  // namespace lockstep
