// What decides a failure: hitting sets, executions that keep conditions, and the two together.
#include "engine/contrast/contrast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "engine/contrast/hitting_set.h"
#include "engine/contrast/keeper.h"
#include "engine/explain/shrink.h"
#include "engine/trace/recording.h"
#include "tests/engine/script_system.h"

namespace lockstep {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// ---- hitting sets ----

Bits bits(const std::string& text) {
  Bits b;
  for (const char c : text) b.push(c == '1');
  return b;
}
HittingColumn column(const std::string& broken, const std::string& kept, uint32_t cost = 1) {
  HittingColumn c;
  c.broken_by = bits(broken), c.kept_by = bits(kept), c.cost = cost;
  return c;
}

TEST(HittingSet, IsTheSmallestThatMeetsEveryRow) {
  // The greedy choice, the first column, needs two more.
  const std::vector<HittingColumn> all = {column("111100", "0"), column("101010", "0"),
                                          column("010101", "0")};
  EXPECT_EQ(smallest_hitting_set(all, 6), (std::vector<uint32_t>{1, 2}));
}

TEST(HittingSet, OfTheSmallestTakesWhatMostFailuresKeepThenTheCheapest) {
  EXPECT_EQ(smallest_hitting_set({column("11", "100"), column("11", "110")}, 2),
            (std::vector<uint32_t>{1}));
  EXPECT_EQ(smallest_hitting_set({column("11", "11", 5), column("11", "11", 3)}, 2),
            (std::vector<uint32_t>{1}));
}

TEST(HittingSet, PrefersOneMoreThatAllFailuresKeep) {
  const std::vector<HittingColumn> all = {column("11", "10"), column("10", "11"),
                                          column("01", "11")};
  EXPECT_EQ(smallest_hitting_set(all, 2), (std::vector<uint32_t>{1, 2}));
}

TEST(HittingSet, OfNoRowsIsEmptyAndOfARowThatNothingMeetsIsNone) {
  EXPECT_EQ(smallest_hitting_set({column("", "1")}, 0), (std::vector<uint32_t>{}));
  EXPECT_EQ(smallest_hitting_set({column("10", "1")}, 2), std::nullopt);
  EXPECT_EQ(smallest_hitting_set({}, 1), std::nullopt);
}

TEST(HittingSet, LeavesOutWhatItIsToldTo) {
  std::vector<HittingColumn> all = {column("11", "11"), column("10", "11"), column("01", "11")};
  all[0].left_out = true;
  EXPECT_EQ(smallest_hitting_set(all, 2), (std::vector<uint32_t>{1, 2}));
  all[1].left_out = true;
  EXPECT_EQ(smallest_hitting_set(all, 2), std::nullopt);
}

TEST(HittingSet, EndsAtItsBudget) {
  HittingOptions options;
  options.max_nodes = 1;
  EXPECT_EQ(smallest_hitting_set({column("10", "1"), column("01", "1")}, 2, options), std::nullopt);
}

// Every subset, tried: no smaller one meets all rows.
TEST(HittingSet, AgreesWithTryingAllSubsets) {
  for (uint64_t seed = 1; seed <= 60; seed++) {
    Prng rng(seed);
    const size_t rows = 1 + rng.below(7), n = 1 + rng.below(8);
    std::vector<HittingColumn> all(n);
    for (auto& c : all) {
      for (size_t r = 0; r < rows; r++) c.broken_by.push(rng.below(3) == 0);
      c.kept_by.push(false);
    }
    size_t least = n + 1;
    for (uint32_t set = 0; set < 1u << n; set++) {
      bool meets = true;
      for (size_t r = 0; r < rows && meets; r++) {
        meets = false;
        for (size_t i = 0; i < n; i++) meets |= (set >> i & 1) && all[i].broken_by.test(r);
      }
      if (meets) least = std::min<size_t>(least, static_cast<size_t>(std::popcount(set)));
    }
    const auto found = smallest_hitting_set(all, rows, {.most = 8});
    ASSERT_EQ(found.has_value(), least <= n) << seed;
    if (found) {
      EXPECT_EQ(found->size(), least) << seed;
    }
  }
}

// ---- executions that keep conditions ----

Recording shrunk(System& system) {
  const ShrinkResult r = shrink(system, 1, 0, find_failure(system), {});
  EXPECT_TRUE(r.reproduced);
  return r.recording;
}

Tape tape_of(System& system, std::span<const Decision> decisions) {
  const Tape none;
  Keeper keeper(none);
  system.begin(1, 0);
  keeper.begin(system, decisions);
  const Outcome outcome = system.run(keeper);
  return keeper.take(system, outcome);
}

TEST(Keeper, KeepsWhatItIsGivenAndTurnsTheRestRound) {
  for (uint64_t seed = 1; seed <= 40; seed++) {
    ScriptSystem system(random_script(seed));
    system.begin(1, 0);
    RandomChooser chooser(seed);
    const Outcome outcome = system.run(chooser);
    const std::vector<Decision> decisions(system.decisions().begin(), system.decisions().end());
    const Recording recording = record_schedule(system, 1, 0, decisions);
    const Tape tape = tape_of(system, decisions);
    ASSERT_EQ(tape.ids.size(), decisions.size());
    EXPECT_EQ(tape.outcome.signature(), outcome.signature());
    const auto conditions = conditions_of(recording.events, tape);
    Positions here(tape);
    for (const Condition& c : conditions) EXPECT_TRUE(here.holds(c));
    Keeper keeper(tape);
    for (uint64_t i = 0; i + 1 < conditions.size(); i += 2)
      for (const Manner manner :
           {Manner::follow, Manner::stray, Manner::random, Manner::priority}) {
        const std::span kept(&conditions[i], 1), turned(&conditions[i + 1], 1);
        system.begin(1, 0);
        keeper.begin(system, kept, turned, manner, seed * 100 + i);
        const Outcome now = system.run(keeper);
        const Tape other = keeper.take(system, now);
        if (keeper.stuck()) continue;
        Positions there(other);
        const Condition &k = conditions[i], &t = conditions[i + 1];
        // It cannot make a step come; if both come, they come in order.
        EXPECT_TRUE(k.kind != Condition::order || !there.has(k.second) || there.holds(k));
        EXPECT_FALSE(t.kind == Condition::order && there.has(t.first) && there.holds(t));
      }
  }
}

TEST(Keeper, IsAFunctionOfItsSeed) {
  ScriptSystem system(lost_update(3));
  const Tape failing = tape_of(system, find_failure(system));
  for (const Manner manner : {Manner::stray, Manner::random, Manner::priority}) {
    std::vector<std::vector<StepId>> seen;
    for (int i = 0; i < 2; i++) {
      Keeper keeper(failing);
      system.begin(1, 0);
      keeper.begin(system, {}, {}, manner, 7);
      const Outcome outcome = system.run(keeper);
      seen.push_back(keeper.take(system, outcome).ids);
    }
    EXPECT_EQ(seen[0], seen[1]);
  }
}

// ---- the contrast ----

TEST(Contrast, OfALostUpdateIsThatEachReadsBeforeTheOtherWrites) {
  ScriptSystem system(lost_update());
  const Contrast c = contrast(system, 1, 0, shrunk(system));
  ASSERT_EQ(c.kind, Contrast::found) << c.reason;
  ASSERT_THAT(c.parts, SizeIs(2));
  for (const ContrastPart& p : c.parts) {
    EXPECT_EQ(p.first.what, "read");
    EXPECT_EQ(p.second.what, "write");
    EXPECT_NE(p.first.actor, p.second.actor);
    EXPECT_GT(p.broken, 0u);
    EXPECT_EQ(p.broken, p.passed);
  }
  EXPECT_TRUE(c.exact);
  EXPECT_TRUE(c.all_classes);
  EXPECT_EQ(c.exceptions, 0u);
  EXPECT_EQ(c.kept, c.failed);
  EXPECT_EQ(c.executions, c.failed + c.passed);
}

TEST(Contrast, SamplesWhereThereAreTooManyClasses) {
  ScriptSystem system(lost_update());
  ContrastOptions options;
  options.max_classes = 1;
  const Contrast c = contrast(system, 1, 0, shrunk(system), options);
  ASSERT_EQ(c.kind, Contrast::found) << c.reason;
  EXPECT_FALSE(c.all_classes);
  EXPECT_THAT(c.parts, SizeIs(2));
  EXPECT_TRUE(c.exact);
  EXPECT_EQ(c.exceptions, 0u);
}

TEST(Contrast, OfAFaultIsTheFault) {
  ScriptSystem system({{fault(0, 1), spawn(1), recv(), check(0, 0)}, {send(0, 1)}});
  const Contrast c = contrast(system, 1, 0, shrunk(system));
  ASSERT_EQ(c.kind, Contrast::found) << c.reason;
  ASSERT_FALSE(c.parts.empty());
  EXPECT_EQ(c.parts[0].first.kind, AltKind::fault);
}

TEST(Contrast, OfAChoiceIsItsValue) {
  ScriptSystem system({{choose(3), need(2)}});
  const Contrast c = contrast(system, 1, 0, shrunk(system));
  ASSERT_EQ(c.kind, Contrast::found) << c.reason;
  ASSERT_THAT(c.parts, SizeIs(1));
  EXPECT_EQ(c.parts[0].condition.kind, Condition::choice);
  EXPECT_EQ(c.parts[0].condition.value, 2u);
}

TEST(Contrast, OfWhatNeverPassesIsNone) {
  ScriptSystem system({{spawn(1), spawn(1), recv(), recv(), check(0, 9)}, {add(0, 1), send(0, 1)}});
  const Contrast c = contrast(system, 1, 0, shrunk(system));
  EXPECT_EQ(c.kind, Contrast::always);
  EXPECT_THAT(c.parts, IsEmpty());
  EXPECT_EQ(c.passed, 0u);
  EXPECT_GT(c.failed, 0u);
}

TEST(Contrast, SaysThatItsBudgetEnded) {
  ScriptSystem system(lost_update());
  ContrastOptions options;
  options.max_executions = 2;
  options.max_classes = 0;
  const Contrast c = contrast(system, 1, 0, shrunk(system), options);
  EXPECT_NE(c.kind, Contrast::found);
  EXPECT_LE(c.executions, 4u);
}

TEST(Contrast, SaysThatItCannotFollowTheExecution) {
  ScriptSystem system(lost_update());
  Recording other = shrunk(system);
  other.decisions.pop_back();
  const Contrast c = contrast(system, 1, 0, other);
  EXPECT_EQ(c.kind, Contrast::not_told);
  EXPECT_THAT(c.reason, HasSubstr("could not be followed"));
}

}  // namespace
}  // namespace lockstep
