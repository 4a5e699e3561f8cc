// The nearest execution that passes: it passes, its twins are the same steps, and how far it is
// away is what a comparison by another algorithm says.
#include "engine/contrast/passing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/trace/make_trace.h"
#include "tests/engine/script_system.h"

namespace lockstep {
namespace {

using namespace testing;

// Takes by turns whatever the digits of `number` say.
class Digits final : public Chooser {
 public:
  explicit Digits(uint64_t number) : number_(number) {}
  size_t choose(const ChoicePoint& point) override {
    const size_t n = number_ % point.count;
    number_ /= point.count;
    return n;
  }

 private:
  uint64_t number_;
};

Recording failing(System& system) {
  for (uint64_t number = 0; number < 100000; number++) {
    Digits chooser(number);
    system.begin(1, 0);
    if (!system.run(chooser).failed()) continue;
    const auto decisions = system.decisions();
    return record_schedule(system, 1, 0, std::vector<Decision>(decisions.begin(), decisions.end()));
  }
  ADD_FAILURE() << "nothing fails";
  return {};
}

// By the table of all prefixes, as in textbooks: no step has two twins, so it is enough to compare.
size_t longest_common(const NearestPassing& p, size_t steps) {
  const size_t n = p.twins.size();
  std::vector<std::vector<size_t>> table(n + 1, std::vector<size_t>(steps + 1, 0));
  for (size_t i = 1; i <= n; i++)
    for (size_t k = 1; k <= steps; k++)
      table[i][k] = p.twins[i - 1] == k ? table[i - 1][k - 1] + 1
                                        : std::max(table[i - 1][k], table[i][k - 1]);
  return table[n][steps];
}

void check(const Recording& failing, const NearestPassing& p) {
  EXPECT_EQ(p.recording.outcome.verdict, Verdict::passed);
  ASSERT_EQ(p.twins.size(), p.recording.decisions.size());
  ASSERT_EQ(p.stayed.size(), p.twins.size());
  const auto label = [](const Recording& r, size_t i) {
    return decision_labels(r.decisions, r.events)[i];
  };
  uint32_t last = 0;
  size_t stayed = 0;
  for (size_t i = 0; i < p.twins.size(); i++) {
    // A value that is chosen is part of its label.
    if (p.twins[i] && failing.decisions[p.twins[i] - 1].kind() != AltKind::data) {
      EXPECT_EQ(label(p.recording, i), label(failing, p.twins[i] - 1));
    }
    if (!p.stayed[i]) continue;
    EXPECT_GT(p.twins[i], last);
    last = p.twins[i];
    stayed++;
  }
  EXPECT_EQ(stayed, longest_common(p, failing.decisions.size()));
  EXPECT_EQ(p.apart, failing.decisions.size() + p.twins.size() - 2 * stayed);
}

TEST(NearestPassing, OfALostUpdateMovesOneStep) {
  ScriptSystem system(
      {{spawn(1), spawn(1), recv(), recv(), yield(), lockstep::testing::check(0, 2)},
       {read(0), write(0, 1), send(0, 1)}});
  const Recording bad = failing(system);
  for (const bool with_contrast : {true, false}) {
    const Contrast c = contrast(system, 1, 0, bad);
    const auto p = nearest_passing(system, 1, 0, bad, with_contrast ? &c : nullptr);
    ASSERT_TRUE(p);
    check(bad, *p);
    EXPECT_EQ(p->apart % 2, 0u);  // the same steps in another order
    EXPECT_GE(p->apart, 2u);
  }
}

TEST(NearestPassing, OfAFaultLeavesItOut) {
  ScriptSystem system(
      {{fault(0, 1), spawn(1), recv(), lockstep::testing::check(0, 0)}, {send(0, 1)}});
  const Recording bad = failing(system);
  const Contrast c = contrast(system, 1, 0, bad);
  const auto p = nearest_passing(system, 1, 0, bad, &c);
  ASSERT_TRUE(p);
  check(bad, *p);
  for (const Decision& d : p->recording.decisions) EXPECT_NE(d.kind(), AltKind::fault);
}

TEST(NearestPassing, OfAChoiceChoosesOtherwise) {
  ScriptSystem system({{choose(3), need(2)}});
  const Recording bad = failing(system);
  const auto p = nearest_passing(system, 1, 0, bad, nullptr);
  ASSERT_TRUE(p);
  check(bad, *p);
}

TEST(NearestPassing, IsNoneWhereNothingPassesOrNothingMayBeTried) {
  ScriptSystem never({{spawn(1), recv(), lockstep::testing::check(0, 9)}, {add(0, 1), send(0, 1)}});
  EXPECT_FALSE(nearest_passing(never, 1, 0, failing(never), nullptr));
  ScriptSystem system({{choose(3), need(2)}});
  PassingOptions none;
  none.max_attempts = 0;
  EXPECT_FALSE(nearest_passing(system, 1, 0, failing(system), nullptr, none));
}

}  // namespace
}  // namespace lockstep
