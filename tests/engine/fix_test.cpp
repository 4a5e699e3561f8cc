// Is a fix real: what decided a failure, asked of an edited program.
#include "engine/contrast/fix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/trace/make_trace.h"
#include "engine/trace/recording.h"
#include "tests/engine/script_system.h"

namespace lockstep {
namespace {

using namespace testing;
using ::testing::Each;
using ::testing::Field;
using ::testing::SizeIs;

Trace failing_trace(System& system) {
  Trace t;
  t.seed = 1;
  put_recording(t, record_schedule(system, 1, 0, find_failure(system)));
  EXPECT_TRUE(annotate(t, system));
  EXPECT_TRUE(t.outcome.failed());
  return t;
}

FixResult check(Script edited, const FixOptions& options = {}) {
  ScriptSystem recorded(lost_update()), now(std::move(edited));
  const Trace trace = failing_trace(recorded);
  return check_fix(recorded, now, trace, {}, options);
}

TEST(Fix, TheSameProgramStillFails) {
  const FixResult r = check(lost_update());
  EXPECT_EQ(r.kind, FixResult::still_fails);
  EXPECT_TRUE(r.failing.outcome.failed());
}

TEST(Fix, StepsThatHaveBecomeOneAreGoneAndAllClassesPass) {
  Script atomic = lost_update();
  atomic[1] = {add(0, 1), send(0, 1)};
  atomic[2] = {add(0, 1), send(0, 2)};
  const FixResult r = check(atomic);
  EXPECT_EQ(r.kind, FixResult::passes);
  EXPECT_TRUE(r.all_classes);
  ASSERT_THAT(r.parts, SizeIs(2));
  EXPECT_THAT(r.parts, Each(Field(&FixPart::state, FixPart::gone)));
  EXPECT_EQ(r.kept_all, 0u);
}

TEST(Fix, WithoutAllClassesTheRecordedProgramSaysWhatSamplingIsWorth) {
  Script atomic = lost_update();
  atomic[1] = {add(0, 1), send(0, 1)};
  atomic[2] = {add(0, 1), send(0, 2)};
  FixOptions options;
  options.max_classes = 1;
  const FixResult r = check(atomic, options);
  EXPECT_EQ(r.kind, FixResult::passes);
  EXPECT_FALSE(r.all_classes);
  EXPECT_GT(r.recorded_failed, 0u);
  EXPECT_LE(r.recorded_failed, r.recorded);
  // Three executions have said nothing.
  options.max_executions = 3;
  EXPECT_EQ(check(atomic, options).kind, FixResult::cannot_tell);
}

TEST(Fix, OrdersThatAreKeptAndDoNotMatterAnyMorePass) {
  Script harmless = lost_update();
  harmless[0].pop_back();  // nobody looks
  for (const uint64_t classes : {0, 1000}) {
    FixOptions options;
    options.max_classes = classes;
    const FixResult r = check(harmless, options);
    EXPECT_EQ(r.kind, FixResult::passes);
    EXPECT_THAT(r.parts, Each(Field(&FixPart::state, FixPart::kept)));
    EXPECT_GT(r.kept_all, 0u);
  }
}

TEST(Fix, AnotherWayToFailIsFound) {
  // The first worker counts by itself, twice; the sum is never right.
  Script other = lost_update();
  other[1] = {add(0, 1), add(0, 1), send(0, 1)};
  for (const uint64_t classes : {0, 1000}) {
    FixOptions options;
    options.max_classes = classes;
    const FixResult r = check(other, options);
    EXPECT_TRUE(r.kind == FixResult::still_fails || r.kind == FixResult::fails_otherwise);
    EXPECT_TRUE(r.failing.outcome.failed());
  }
}

TEST(Fix, IsTheSameEachTime) {
  FixOptions options;
  options.max_classes = 0;
  Script harmless = lost_update();
  harmless[0].pop_back();
  const FixResult a = check(harmless, options), b = check(harmless, options);
  EXPECT_EQ(a.executions, b.executions);
  EXPECT_EQ(a.kept_all, b.kept_all);
}

}  // namespace
}  // namespace lockstep
