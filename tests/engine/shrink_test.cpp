// Shrinking: the result fails alike, nothing can be dropped from it, and "minimum" is never said
// wrongly.
#include "engine/explain/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "engine/explain/bounded_search.h"
#include "engine/explain/shrink_oracle.h"
#include "tests/engine/script_system.h"

namespace lockstep {
namespace {

using namespace testing;

// Bug programs in the style of SCTBench, with the fewest deviations that make them fail.
struct Bug {
  const char* name;
  Script script;
  size_t minimum;
};

std::vector<Bug> bugs() {
  std::vector<Bug> all;
  all.push_back({"lost_update", lost_update(), 1});
  all.push_back({"lost_update_4", lost_update(4), 1});
  // Fails only if the last one looks in the middle of the first one's two additions (reorder_3 of
  // SCTBench).
  all.push_back({"reorder",
                 {{spawn(1), spawn(2), spawn(3), recv(), recv(), recv()},
                  {add(0, 1), read(3), add(0, 1), send(0, 1)},
                  {read(3), add(0, 2), send(0, 1)},
                  {read(3), read(0), need(1), send(0, 1)}},
                 1});
  // Fails only if it looks in the middle of both.
  all.push_back({"twice",
                 {{spawn(1), spawn(2), spawn(3), recv(), recv(), recv()},
                  {add(0, 1), read(3), add(0, 1), send(0, 1)},
                  {add(0, 4), read(3), add(0, 4), send(0, 1)},
                  {read(3), read(0), need(5), send(0, 1)}},
                 2});
  // Fails at once under D.
  all.push_back({"immediate", {{spawn(1), recv(), check(0, 0)}, {add(0, 1), send(0, 1)}}, 0});
  // A message that comes in the other order.
  all.push_back(
      {"order", {{spawn(1), spawn(2), expect(1), expect(2)}, {send(0, 1)}, {send(0, 2)}}, 1});
  all.push_back({"values", {{spawn(1), recv(), check(0, 0)}, {choose(9), need(7), send(0, 1)}}, 1});
  all.push_back(
      {"timer", {{timer(0, 1), spawn(1), recv(), check(0, 0)}, {yield(), send(0, 1)}}, 1});
  all.push_back(
      {"fault", {{fault(0, 1), spawn(1), recv(), check(0, 0)}, {yield(), send(0, 1)}}, 1});
  return all;
}

bool fails_like(System& system, const std::vector<Deviation>& set, const std::string& signature) {
  const Encoding e = run_deviations(system, 1, 0, set);
  return e.outcome.failed() && e.outcome.signature() == signature;
}

// The smallest failing set, by brute force over every set of at most `most`; most + 1 if there is
// none.
size_t smallest(System& system, const std::string& signature, size_t most) {
  std::vector<std::vector<Deviation>> level{{}};
  for (size_t n = 0; n <= most; n++) {
    std::vector<std::vector<Deviation>> next;
    for (const auto& set : level) {
      Branches branches;
      const Encoding e = run_deviations(system, 1, 0, set, &branches);
      if (e.outcome.failed() && e.outcome.signature() == signature) return n;
      for (const Untaken& u : branches.untaken) {
        next.push_back(set);
        next.back().push_back(u.deviation);
      }
    }
    level = std::move(next);
  }
  return most + 1;
}

void expect_one_minimal(System& system, const ShrinkResult& r) {
  const std::string signature = r.recording.outcome.signature();
  EXPECT_TRUE(r.one_minimal);
  for (size_t i = 0; i < r.deviations.size(); i++) {
    auto rest = r.deviations;
    rest.erase(rest.begin() + static_cast<ptrdiff_t>(i));
    EXPECT_FALSE(fails_like(system, rest, signature)) << "deviation " << i << " can be dropped";
  }
}

TEST(Shrink, FindsTheMinimumOfEachBug) {
  for (Bug& bug : bugs()) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
      ScriptSystem system(bug.script);
      const auto schedule = find_failure(system, seed * 1000);
      ASSERT_FALSE(schedule.empty()) << bug.name;
      const ShrinkResult r = shrink(system, 1, 0, schedule, {});
      ASSERT_TRUE(r.reproduced);
      EXPECT_EQ(r.deviations.size(), bug.minimum) << bug.name << " seed " << seed;
      EXPECT_TRUE(r.minimum) << bug.name;
      EXPECT_EQ(r.after.deviations, r.deviations.size());
      EXPECT_LE(r.after.deviations, r.before.deviations);
      EXPECT_FALSE(r.budget_ended);
      expect_one_minimal(system, r);
    }
  }
}

TEST(Shrink, TheRecordingIsOfTheShrunkScheduleAndReplays) {
  ScriptSystem system(lost_update(3));
  const ShrinkResult r = shrink(system, 1, 0, find_failure(system), {});
  ASSERT_TRUE(r.reproduced);
  EXPECT_EQ(r.recording.decisions.size(), r.after.steps);
  EXPECT_EQ(r.recording.events.back().what, "check");
  EXPECT_TRUE(r.recording.divergence.empty());
  EXPECT_EQ(r.keys.size(), r.after.steps);
  EXPECT_EQ(r.at.size(), r.deviations.size());
  const Encoding e = encode_schedule(system, 1, 0, r.recording.decisions);
  EXPECT_TRUE(e.followed);
  if (!r.straightened) {
    EXPECT_EQ(e.deviations, r.deviations);
  }
  EXPECT_EQ(e.outcome.signature(), r.recording.outcome.signature());
}

TEST(Shrink, ToldInOrderItIsNoLongerAndSwitchesNoMore) {
  int straightened = 0;
  for (uint64_t seed = 0; seed < 300; seed++) {
    ScriptSystem system(random_script(seed));
    const auto schedule = find_failure(system, seed, 5);
    if (schedule.empty()) continue;
    const ShrinkResult r = shrink(system, 1, 0, schedule, {});
    ASSERT_TRUE(r.reproduced) << seed;
    const Encoding few = run_deviations(system, 1, 0, r.deviations);
    ASSERT_EQ(few.outcome.signature(), r.recording.outcome.signature()) << seed;
    const auto size = [](const ShrinkSize& s) { return std::pair(s.switches, s.steps); };
    EXPECT_LE(size(r.after), size(few.size)) << seed;
    const Encoding e = encode_schedule(system, 1, 0, r.recording.decisions);
    ASSERT_TRUE(e.followed) << seed;
    EXPECT_EQ(size(e.size), size(r.after)) << seed;
    EXPECT_EQ(e.outcome.signature(), r.recording.outcome.signature()) << seed;
    EXPECT_EQ(r.straightened, size(r.after) < size(few.size)) << seed;
    straightened += r.straightened;
  }
  EXPECT_GT(straightened, 10);
}

// The claims, against brute force, on whatever random programs fail.
TEST(Shrink, ClaimsHoldOnRandomPrograms) {
  int shrunk = 0, minima = 0, larger = 0;
  for (uint64_t seed = 0; seed < 1500; seed++) {
    ScriptSystem system(random_script(seed));
    const auto schedule = find_failure(system, seed, 5);
    if (schedule.empty()) continue;
    const ShrinkResult r = shrink(system, 1, 0, schedule, {});
    ASSERT_TRUE(r.reproduced) << seed;
    ASSERT_FALSE(r.budget_ended) << seed;
    expect_one_minimal(system, r);
    shrunk++;
    const std::string signature = r.recording.outcome.signature();
    const size_t most = std::min<size_t>(r.deviations.size(), 2);
    if (r.minimum) {
      minima++;
      if (r.deviations.size() <= 3) {
        EXPECT_GE(smallest(system, signature,
                           r.deviations.empty() ? 0 : std::min<size_t>(r.deviations.size() - 1, 2)),
                  r.deviations.size())
            << "seed " << seed << ": said to be a minimum, but is not";
      }
    } else if (smallest(system, signature, most) < r.deviations.size()) {
      larger++;
    }
  }
  EXPECT_GT(shrunk, 300);
  EXPECT_GT(minima, shrunk * 9 / 10);
  EXPECT_LE(larger, shrunk / 20);
}

TEST(Shrink, TheSameInTheSameOut) {
  ScriptSystem a(lost_update(4)), b(lost_update(4));
  const auto schedule = find_failure(a);
  const ShrinkResult r = shrink(a, 1, 0, schedule, {}), s = shrink(b, 1, 0, schedule, {});
  EXPECT_EQ(r.deviations, s.deviations);
  EXPECT_EQ(r.attempts, s.attempts);
}

TEST(Shrink, DropsFaultsAndLowersValues) {
  // Fails if the value is at least 3, with or without the fault.
  ScriptSystem system({{fault(1, 1), spawn(1), recv(), check(0, 0)},
                       {choose(20), write(0, -19), read(2), send(0, 1)}});
  // Only 19 gives 0; so most fail, already with 0.
  const ShrinkResult r = shrink(system, 1, 0, find_failure(system), {});
  EXPECT_EQ(r.after.faults, 0u);
  EXPECT_TRUE(r.deviations.empty());
}

TEST(Shrink, KeepsTheSignature) {
  // Under D another check fails than in the given schedule.
  ScriptSystem system({{spawn(1), check(0, 0), recv(), check(0, 9)}, {add(0, 1), send(0, 1)}});
  const ShrinkResult d = shrink(system, 1, 0, {}, {});
  EXPECT_FALSE(d.reproduced) << "an empty schedule cannot be followed";
  for (uint64_t seed = 1; seed < 40; seed++) {
    const auto schedule = find_failure(system, seed, 1);
    const Encoding e = encode_schedule(system, 1, 0, schedule);
    const ShrinkResult r = shrink(system, 1, 0, schedule, {});
    EXPECT_EQ(r.recording.outcome.signature(), e.outcome.signature());
    ShrinkOptions other;
    other.signature = "crash at nowhere";
    EXPECT_FALSE(shrink(system, 1, 0, schedule, other).reproduced);
  }
}

TEST(Shrink, APassingScheduleIsNotShrunk) {
  ScriptSystem system(lost_update());
  run_deviations(system, 1, 0, {});
  const std::vector<Decision> schedule(system.decisions().begin(), system.decisions().end());
  const ShrinkResult r = shrink(system, 1, 0, schedule, {});
  EXPECT_FALSE(r.reproduced);
  EXPECT_FALSE(r.one_minimal);
  EXPECT_FALSE(r.minimum);
  EXPECT_EQ(r.attempts, 1u);
}

TEST(Shrink, AFailureOfTheDefaultScheduleIsTheMinimumAtOnce) {
  ScriptSystem system({{spawn(1), recv(), check(0, 0)}, {add(0, 1), send(0, 1)}});
  run_deviations(system, 1, 0, {});
  const std::vector<Decision> schedule(system.decisions().begin(), system.decisions().end());
  const ShrinkResult r = shrink(system, 1, 0, schedule, {});
  EXPECT_TRUE(r.reproduced && r.minimum && r.one_minimal);
  EXPECT_EQ(r.attempts, 1u);
}

TEST(Shrink, StopsAtItsBudgetWithWhatItHas) {
  Bug reorder = bugs()[2];
  ScriptSystem system(reorder.script);
  const auto schedule = find_failure(system, 5000);
  for (uint64_t attempts = 1; attempts < 12; attempts++) {
    ShrinkOptions options;
    options.max_attempts = attempts;
    system.executions = 0;
    const ShrinkResult r = shrink(system, 1, 0, schedule, options);
    EXPECT_TRUE(r.reproduced);
    EXPECT_LE(r.attempts, attempts);
    EXPECT_LE(system.executions, attempts + 1) << "and one to record";
    EXPECT_TRUE(r.recording.outcome.failed());
    EXPECT_FALSE(r.minimum && !r.one_minimal);
  }
  std::atomic<bool> interrupted{true};
  ShrinkOptions options;
  options.interrupted = &interrupted;
  const ShrinkResult r = shrink(system, 1, 0, schedule, options);
  EXPECT_TRUE(r.reproduced);
  EXPECT_EQ(r.attempts, 1u);
  EXPECT_TRUE(r.budget_ended);
}

TEST(Shrink, TellsItsProgress) {
  ScriptSystem system(lost_update(4));
  uint64_t last = 0;
  uint32_t deviations = 1000;
  const ShrinkResult r =
      shrink(system, 1, 0, find_failure(system), {}, [&](const ShrinkSize& now, uint64_t attempts) {
        EXPECT_GE(attempts, last);
        EXPECT_LE(now.deviations, deviations);
        last = attempts;
        deviations = now.deviations;
      });
  EXPECT_GT(last, 0u);
  EXPECT_EQ(deviations, r.after.deviations);
}

TEST(Shrink, TakesFewReplays) {
  std::vector<uint64_t> replays;
  for (Bug& bug : bugs())
    for (uint64_t seed = 1; seed <= 20; seed++) {
      ScriptSystem system(bug.script);
      const auto schedule = find_failure(system, seed * 1000);
      if (!schedule.empty()) replays.push_back(shrink(system, 1, 0, schedule, {}).attempts);
    }
  std::sort(replays.begin(), replays.end());
  EXPECT_LT(replays[replays.size() / 2], 50u);
  RecordProperty("median_replays", static_cast<int>(replays[replays.size() / 2]));
  RecordProperty("most_replays", static_cast<int>(replays.back()));
}

}  // namespace
}  // namespace lockstep
