// The pair of operations that is to blame.
#include "engine/explain/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/explain/shrink.h"
#include "engine/relation/immediate_races.h"
#include "engine/trace/recording.h"
#include "tests/engine/script_system.h"

namespace lockstep {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Recording shrunk(System& system) {
  const ShrinkResult r = shrink(system, 1, 0, find_failure(system), {});
  EXPECT_TRUE(r.reproduced);
  return r.recording;
}

TEST(Explain, ALostUpdateIsTheReadBeforeTheOthersWrite) {
  ScriptSystem system(lost_update());
  const Explanation e = explain(system, 1, 0, shrunk(system));
  ASSERT_THAT(e.culprits, SizeIs(1));
  EXPECT_THAT(e.culprits[0].first_text, HasSubstr("read cell0"));
  EXPECT_THAT(e.culprits[0].second_text, HasSubstr("write cell0"));
  EXPECT_LT(e.culprits[0].first, e.culprits[0].second);
  EXPECT_THAT(e.sentence, HasSubstr("the other way round it passes"));
  EXPECT_TRUE(e.complete);
  EXPECT_GE(e.races, e.turned);
}

TEST(Explain, MessagesInTheOtherOrderAreTheSends) {
  ScriptSystem system({{spawn(1), spawn(2), recv(), recv(), need(1)}, {send(0, 1)}, {send(0, 2)}});
  const Explanation e = explain(system, 1, 0, shrunk(system));
  ASSERT_THAT(e.culprits, SizeIs(1));
  EXPECT_THAT(e.sentence, HasSubstr("send mailbox of P0"));
}

TEST(Explain, WithoutARaceThereIsNobodyToBlame) {
  ScriptSystem system({{spawn(1), recv(), check(0, 0)}, {add(0, 1), send(0, 1)}});
  const Explanation e = explain(system, 1, 0, shrunk(system));
  EXPECT_EQ(e.races, 0u);
  EXPECT_THAT(e.culprits, SizeIs(0));
  EXPECT_TRUE(e.sentence.empty());
  EXPECT_TRUE(e.complete);
}

TEST(Explain, StopsAtItsBudget) {
  ScriptSystem system(lost_update(4));
  ExplainOptions options;
  options.max_attempts = 1;
  const Explanation e = explain(system, 1, 0, shrunk(system), options);
  EXPECT_EQ(e.attempts, 1u);
  EXPECT_FALSE(e.complete);
  options = {};
  options.max_decisions = 1;  // the first attempt uses them up
  EXPECT_EQ(explain(system, 1, 0, shrunk(system), options).attempts, 1u);
  std::atomic<bool> interrupted{true};
  options.interrupted = &interrupted;
  EXPECT_EQ(explain(system, 1, 0, shrunk(system), options).attempts, 0u);
}

// A race joins two conflicting operations of different actors that are next to each other in
// happens-before, and what is blamed did pass. Nothing throws, whatever fails.
TEST(Explain, HoldsOnRandomPrograms) {
  int explained = 0, failures = 0;
  for (uint64_t seed = 0; seed < 400; seed++) {
    ScriptSystem system(random_script(seed));
    const auto schedule = find_failure(system, seed, 5);
    if (schedule.empty()) continue;
    const ShrinkResult r = shrink(system, 1, 0, schedule, {});
    for (const Race& race : immediate_races(r.recording.events)) {
      EXPECT_LT(race.first, race.second);
      EXPECT_NE(r.recording.events[race.first].actor, r.recording.events[race.second].actor);
    }
    const Explanation e = explain(system, 1, 0, r.recording);
    failures++;
    explained += !e.culprits.empty();
    EXPECT_LE(e.culprits.size() + e.other_failures, e.turned);
  }
  EXPECT_GT(failures, 50);
  EXPECT_GT(explained, 10);
}

}  // namespace
}  // namespace lockstep
