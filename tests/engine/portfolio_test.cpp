// What rff learns from, and whose turn it is in auto.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/schedule/rff_corpus.h"
#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

std::shared_ptr<const RffLesson> lesson_of(Strategy& strategy, ToySystem& system, uint64_t i) {
  strategy.begin(i, system);
  system.begin(1, i);
  const Outcome& outcome = system.run(strategy.chooser());
  strategy.end(outcome, system);
  return std::dynamic_pointer_cast<const RffLesson>(strategy.lesson());
}

// Reads among the accesses that it tells of, which are what constraints are made from.
TEST(Rff, AReleaseReadsNothing) {
  const auto reads = [](const char* program) {
    const auto rff = find_strategy("rff")->make({});
    ToySystem system(program);
    const auto lesson = lesson_of(*rff, system, 1);
    return std::count_if(lesson->accesses.begin(), lesson->accesses.end(),
                         [](const auto& access) { return !std::get<bool>(access); });
  };
  EXPECT_EQ(reads("Lm Um | Lm Um"), 2);  // the acquires
  EXPECT_EQ(reads("Wm1 Wm0"), 2);
}

// What one actor alone takes, it takes in one order: nothing to steer.
TEST(Rff, LearnsOfALockOnlyWhatTwoTake) {
  const auto accesses = [](const char* program) {
    const auto rff = find_strategy("rff")->make({});
    ToySystem system(program);
    return lesson_of(*rff, system, 1)->accesses.size();
  };
  EXPECT_EQ(accesses("Lm Um | Wx1"), 2u);          // the write of x, which reads too
  EXPECT_EQ(accesses("Lm Um | Lm Um | Wx1"), 8u);  // and three of each who takes it
}

TEST(RffCorpus, KeepsAScheduleThatSatisfiesWhatNoneHasSatisfied) {
  const Constraint c{.read = 1, .write = 2, .positive = false};
  const auto kept = [&](const RffLesson& lesson) {
    RffCorpus corpus;
    corpus.learn(lesson);
    Prng rng(1);
    int times = 0;  // while no access is known, a child is its parent again
    for (int i = 0; i < 100; i++) times += corpus.child(rng) == lesson.schedule;
    return times > 0;
  };
  RffLesson nothing, satisfied, pair;
  nothing.schedule = satisfied.schedule = pair.schedule = {c};
  satisfied.satisfied = {c};
  pair.pairs = {{1, 3}};
  EXPECT_FALSE(kept(nothing));
  EXPECT_TRUE(kept(satisfied));  // missed with probability 2^-100
  EXPECT_TRUE(kept(pair));
}

TEST(Rff, ToldWhichConstraintsAnExecutionSatisfied) {
  StrategyOptions options;
  const auto rff = find_strategy("rff")->make(options);
  ToySystem system("Ix | Ix | Rx");
  std::set<Constraint> known;
  for (uint64_t i = 1; i <= 200; i++) {
    const auto lesson = lesson_of(*rff, system, i);
    for (const Constraint& c : lesson->satisfied) {
      EXPECT_GT(std::count(lesson->schedule.begin(), lesson->schedule.end(), c), 0);
      EXPECT_TRUE(known.insert(c).second) << "told twice";
    }
    rff->learn(*lesson);
  }
  EXPECT_GT(known.size(), 3u);
}

// Of each 32 iterations, two go to idpct and one to random; of the others, rff gets the share that
// its turns have: one of six in the first 10,368, two of three afterwards. Counted by the lessons,
// which only rff gives.
TEST(Auto, GivesRffItsTurns) {
  ToySystem system("Rx Wx1 | Rx Wx2");
  const Pilot pilot = explore(system, {}).pilot;
  StrategyOptions options;
  options.pilot = &pilot;
  const auto strategy = find_strategy("auto")->make(options);
  const auto turns = [&](uint64_t from, uint64_t count) {
    int n = 0;
    for (uint64_t i = from; i < from + count; i++) n += lesson_of(*strategy, system, i) != nullptr;
    return n;
  };
  // 32 of 192 are its turns, all at odd numbers; a third of the six and twelve that are taken away
  // from odd numbers are its own.
  EXPECT_EQ(turns(0, 192), 26);
  EXPECT_EQ(turns(192 * 53, 192), 26);
  EXPECT_EQ(turns(10368, 480), 290);  // 320, less two thirds of 15 and 30
  EXPECT_EQ(turns(10368 + 480 * 100, 480), 290);
}

TEST(Auto, CountsRoundsByTheExecutionsOfRff) {
  StrategyOptions options;
  const Pilot pilot;
  options.pilot = &pilot;
  const auto strategy = find_strategy("auto")->make(options);
  uint64_t round = strategy->round(0);
  for (uint64_t i = 1; i < 60000; i++) {
    const uint64_t next = strategy->round(i);
    ASSERT_GE(next, round) << i;
    ASSERT_LE(next, round + 1) << i;
    round = next;
  }
  // 54 * 26 executions of rff in the first phase, 290 of 480 afterwards.
  EXPECT_EQ(strategy->round(10368), rff_round(54 * 26));
  EXPECT_EQ(strategy->round(10368 + 480 * 100), rff_round(54 * 26 + 29000));
}

}  // namespace
}  // namespace lockstep
