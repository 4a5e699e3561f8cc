// What tells two traces apart.
#include "engine/trace/trace_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/trace/make_trace.h"
#include "engine/trace/recording.h"
#include "tests/engine/script_system.h"

namespace lockstep {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Trace trace_of(Script script, uint64_t seed) {
  ScriptSystem system(std::move(script));
  RandomChooser chooser(seed);
  system.begin(1, 0);
  system.run(chooser);
  const std::vector<Decision> decisions(system.decisions().begin(), system.decisions().end());
  Trace t;
  t.seed = 1;
  put_recording(t, record_schedule(system, 1, 0, decisions));
  return t;
}

TEST(TraceDiff, OfATraceAndItselfIsNothing) {
  for (uint64_t seed = 1; seed <= 20; seed++) {
    const Trace t = trace_of(random_script(seed), seed);
    const TraceDiff d = diff_traces(t, t);
    EXPECT_TRUE(d.same);
    EXPECT_EQ(d.common, t.events.size());
    EXPECT_THAT(d.turned, IsEmpty());
    EXPECT_THAT(d.changed, IsEmpty());
    EXPECT_THAT(d.only_a, IsEmpty());
    EXPECT_THAT(d.only_b, IsEmpty());
  }
}

// Whatever A and B: steps are matched one to one, and B says the same of A.
TEST(TraceDiff, IsTheSameFromTheOtherSide) {
  for (uint64_t seed = 1; seed <= 60; seed++) {
    const Trace a = trace_of(random_script(seed), seed),
                b = trace_of(random_script(seed), seed + 1);
    const TraceDiff there = diff_traces(a, b), back = diff_traces(b, a);
    EXPECT_EQ(there.same, back.same);
    EXPECT_EQ(there.common, back.common);
    EXPECT_EQ(there.only_a, back.only_b);
    EXPECT_EQ(there.only_b, back.only_a);
    EXPECT_EQ(there.changed.size(), back.changed.size());
    EXPECT_EQ(there.turned.empty(), back.turned.empty());
    EXPECT_EQ(a.events.size() - there.only_a.size(), b.events.size() - there.only_b.size());
    for (const TurnedOrder& o : there.turned) {
      EXPECT_LT(o.first.a, o.second.a);
      EXPECT_GT(o.first.b, o.second.b);
    }
  }
}

TEST(TraceDiff, NamesTheTurnedOrderAndWhatItChanged) {
  // Two writers of one cell, then a reader: who writes last decides.
  const Script script = {{spawn(1), spawn(2), recv(), recv(), read(0)},
                         {write(0, 1), send(0, 1)},
                         {write(0, 2), send(0, 2)}};
  Trace a = trace_of(script, 1), b;
  for (uint64_t seed = 2; seed < 50; seed++) {
    b = trace_of(script, seed);
    if (!diff_traces(a, b).turned.empty()) break;
  }
  const TraceDiff d = diff_traces(a, b);
  EXPECT_FALSE(d.same);
  ASSERT_FALSE(d.turned.empty());
  const Event& first = a.events[d.turned[0].first.a];
  const Event& second = a.events[d.turned[0].second.a];
  EXPECT_NE(first.actor, second.actor);
  EXPECT_THAT(d.only_a, IsEmpty());
}

TEST(TraceDiff, SaysWhatOfSourceAndOptionsDiffers) {
  Trace a = trace_of(lost_update(), 1), b = a;
  a.files = {{"x.lua", "1"}, {"y.lua", "same"}};
  b.files = {{"x.lua", "2"}, {"y.lua", "same"}};
  a.options = {{"delivery", "async"}, {"timers", "racy"}};
  b.options = {{"timers", "racy"}};
  const TraceDiff d = diff_traces(a, b);
  EXPECT_TRUE(d.same);
  EXPECT_THAT(d.sources, ElementsAre("x.lua"));
  EXPECT_THAT(d.options, ElementsAre("delivery: async, -"));
}

TEST(TraceDiff, OfEmptyTraces) {
  const Trace none, some = trace_of(lost_update(), 1);
  EXPECT_TRUE(diff_traces(none, none).same);
  const TraceDiff d = diff_traces(none, some);
  EXPECT_FALSE(d.same);
  EXPECT_EQ(d.common, 0u);
  EXPECT_THAT(d.only_b, SizeIs(some.events.size()));
}

}  // namespace
}  // namespace lockstep
