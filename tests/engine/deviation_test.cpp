// Laws of deviations: an execution and its encoding determine each other, and every subset is a
// schedule.
#include "engine/trace/deviation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/prng.h"
#include "tests/engine/script_system.h"

namespace lockstep {
namespace {

using namespace testing;

std::vector<Decision> random_execution(System& system, uint64_t seed) {
  RandomChooser chooser(seed);
  system.begin(1, 0);
  system.run(chooser);
  return {system.decisions().begin(), system.decisions().end()};
}

std::vector<Decision> decisions_of(const System& system) {
  return {system.decisions().begin(), system.decisions().end()};
}

TEST(Deviation, NoneIsTheDefaultSchedulerAndEncodesAsNone) {
  ScriptSystem system(lost_update());
  const Encoding run = run_deviations(system, 1, 0, {});
  EXPECT_EQ(run.outcome.verdict, Verdict::passed);
  EXPECT_TRUE(run.deviations.empty());
  EXPECT_EQ(run.size.preemptions, 0u);
  const Encoding again = encode_schedule(system, 1, 0, decisions_of(system));
  EXPECT_TRUE(again.followed);
  EXPECT_TRUE(again.deviations.empty());
}

TEST(Deviation, DefaultPrefersTheSameProcessThenTheOldestThenSignalsAndTimersAndNoFault) {
  // Root starts a timer and a fault and ends with a check that only fails if one of them went
  // first.
  ScriptSystem system(
      {{timer(0, 1), fault(0, 1), spawn(1), check(0, 0), recv()}, {yield(), send(0, 1)}});
  const Encoding run = run_deviations(system, 1, 0, {});
  EXPECT_EQ(run.outcome.verdict, Verdict::passed);
  EXPECT_EQ(run.size.faults, 0u);
}

TEST(Deviation, ALoopThatYieldsGivesWay) {
  Script s{{spawn(1), recv()}, {}};
  for (int i = 0; i < 50; i++) s[1].push_back(yield());
  s[1].push_back(send(0, 1));
  s[0] = {spawn(1), spawn(1)};
  for (int i = 0; i < 5; i++) s[0].push_back(yield());
  ScriptSystem system(s);
  const Encoding run = run_deviations(system, 1, 0, {});
  EXPECT_EQ(run.outcome.verdict, Verdict::passed);
  EXPECT_EQ(run.size.processes, 3u);
}

TEST(Deviation, DecodingAnEncodingReproducesTheExecution) {
  for (uint64_t seed = 0; seed < 400; seed++) {
    ScriptSystem system(random_script(seed));
    const auto schedule = random_execution(system, seed * 7 + 1);
    const Encoding e = encode_schedule(system, 1, 0, schedule);
    ASSERT_TRUE(e.followed) << seed;
    ASSERT_EQ(e.keys.size(), schedule.size());
    const Encoding d = run_deviations(system, 1, 0, e.deviations);
    EXPECT_TRUE(d.followed) << seed;
    EXPECT_EQ(decisions_of(system), schedule) << seed;
    EXPECT_EQ(d.deviations, e.deviations) << seed;
    EXPECT_EQ(d.outcome.signature(), e.outcome.signature());
  }
}

TEST(Deviation, EverySubsetIsAScheduleAndReencodesToItself) {
  for (uint64_t seed = 0; seed < 400; seed++) {
    ScriptSystem system(random_script(seed));
    const Encoding e = encode_schedule(system, 1, 0, random_execution(system, seed));
    Prng prng(seed);
    std::vector<Deviation> subset;
    for (const Deviation& d : e.deviations)
      if (prng.below(2)) subset.push_back(d);
    const Encoding run = run_deviations(system, 1, 0, subset);
    const auto schedule = decisions_of(system);
    EXPECT_NE(run.outcome.verdict, Verdict::stopped);
    for (const Deviation& d : run.deviations)
      EXPECT_NE(std::find(subset.begin(), subset.end(), d), subset.end())
          << "a deviation from nowhere";
    const Encoding again = encode_schedule(system, 1, 0, schedule);
    EXPECT_EQ(again.deviations, run.deviations);
    run_deviations(system, 1, 0, run.deviations);
    EXPECT_EQ(decisions_of(system), schedule) << "what was skipped made a difference";
  }
}

TEST(Deviation, OnesThatCannotApplyAreSkipped) {
  ScriptSystem system(lost_update());
  run_deviations(system, 1, 0, {});
  const auto usual = decisions_of(system);
  const std::vector<Deviation> wild{
      {123, 4, 5, AltKind::step}, {0, 0, 99, AltKind::timer}, {1, 1, 3, AltKind::data}};
  const Encoding run = run_deviations(system, 1, 0, wild);
  EXPECT_FALSE(run.followed);
  EXPECT_TRUE(run.deviations.empty());
  EXPECT_EQ(decisions_of(system), usual);
}

TEST(Deviation, EncodingStopsWhereTheScheduleCannotBeFollowed) {
  ScriptSystem system(lost_update());
  run_deviations(system, 1, 0, {});
  auto schedule = decisions_of(system);
  auto shorter = schedule;
  shorter.pop_back();
  EXPECT_FALSE(encode_schedule(system, 1, 0, shorter).followed);
  auto longer = schedule;
  longer.push_back(schedule.back());
  EXPECT_FALSE(encode_schedule(system, 1, 0, longer).followed);
  schedule[2].actor = 77;
  EXPECT_FALSE(encode_schedule(system, 1, 0, schedule).followed);
}

TEST(Deviation, UntakenAreTheChildrenAfterTheLastUsedDeviation) {
  ScriptSystem system(lost_update());
  Branches branches;
  run_deviations(system, 1, 0, {}, &branches);
  ASSERT_FALSE(branches.untaken.empty());
  EXPECT_TRUE(branches.complete);
  EXPECT_EQ(branches.executed.size(), system.decisions().size());
  for (const Untaken& u : branches.untaken) {
    const std::vector<Deviation> one{u.deviation};
    Branches next;
    const Encoding run = run_deviations(system, 1, 0, one, &next);
    ASSERT_EQ(run.deviations, one);
    EXPECT_EQ(run.at, std::vector<uint32_t>{u.step});
    for (const Untaken& v : next.untaken) EXPECT_GT(v.step, u.step);
  }
}

TEST(Deviation, SizeCountsSwitchesAndPreemptions) {
  ScriptSystem system(lost_update());
  const auto schedule = find_failure(system);
  ASSERT_FALSE(schedule.empty());
  const Encoding e = encode_schedule(system, 1, 0, schedule);
  EXPECT_EQ(e.size.steps, schedule.size());
  EXPECT_EQ(e.size.processes, 3u);
  EXPECT_GE(e.size.switches, e.size.preemptions);
  EXPECT_GE(e.size.preemptions, 1u) << "a lost update needs one";
  EXPECT_EQ(e.size.deviations, e.deviations.size());
}

}  // namespace
}  // namespace lockstep
