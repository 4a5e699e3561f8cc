// The fairness rule over every strategy that samples: loops that wait end, and what the rule cuts
// off is no more than it says.
#include "engine/schedule/fairness.h"

#include <gtest/gtest.h>

#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

class Fair : public testing::TestWithParam<const char*> {
 protected:
  ExploreResult run(const std::string& program, uint64_t iterations, bool allow_deadlock = false) {
    ExploreOptions options;
    options.strategy = GetParam();
    options.iterations = iterations;
    options.max_failures = 0;
    return explore(
        [=] {
          auto toy = std::make_unique<ToySystem>(program);
          toy->allow_deadlock = allow_deadlock;
          return toy;
        },
        options);
  }
};

std::vector<const char*> sampling() {
  std::vector<const char*> names;
  for (const StrategyInfo& info : strategies())
    if (!info.claims.exhaustive && std::string_view(info.name) != "replay")
      names.push_back(info.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(All, Fair, testing::ValuesIn(sampling()),
                         [](const auto& param) { return std::string(param.param); });

// Each waits in a loop for the write of a process that a strategy might never let run.
TEST_P(Fair, ALoopThatYieldsEnds) {
  for (const char* program : {
           "Y Rx !x1 J | Ry Ry Wx1",  // an explicit yield
           "P !$a J | Ry Ry S0a",     // an empty poll
           "Cx12 Rx !x2 J | Ry Wx1",  // a failed compare-and-exchange
           "Y Rx !x1 J | Y Rx !x1 J | Y Rx !x1 J | Ry Ry Ry Wx1",
           "Y Rx !x1 J | P !$a J | Y Ry S1a Wx1",  // two loops, two exits
       }) {
    const ExploreResult r = run(program, 300);
    EXPECT_EQ(r.bound_hit, 0u) << program;
    EXPECT_TRUE(r.findings.empty()) << program << ": " << r.findings[0].outcome.signature();
  }
}

TEST_P(Fair, ALoopThatOnlyReadsEnds) {
  EXPECT_EQ(run("Rx !x1 J | Ry Ry Wx1", 100).bound_hit, 0u);
  EXPECT_EQ(run("Rx !x1 Rz J | Rx !x1 Rz J | Ry Wx1", 100).bound_hit, 0u);
}

TEST_P(Fair, ALoopOfMessagesStarvesNobody) {
  EXPECT_EQ(run("Rx !x1 S1a Ta J | Ta S0a J | Ry Ry Ry Ry Wx1", 100, true).bound_hit, 0u);
}

// Without the rule the first of these loops runs to the bound under pct in about half of the
// executions: 300 would all end otherwise with probability 2^-300.
TEST(Fairness, IsNeeded) {
  ToySystem toy("Y Rx !x1 J | Ry Ry Wx1");
  Pilot pilot;
  pilot.choice_points = 10;
  StrategyOptions options;
  options.pilot = &pilot;
  const auto pct = find_strategy("pct")->make(options);
  Fairness fairness;
  int bounds[2] = {};
  for (const bool fair : {false, true})
    for (uint64_t i = 1; i <= 300; i++) {
      pct->begin(i, toy);
      toy.begin(1, i);
      pct->set_fair(nullptr);
      if (fair) fairness.begin(*pct);
      bounds[fair] += toy.run(*pct).verdict == Verdict::step_bound;
    }
  EXPECT_GT(bounds[0], 30);
  EXPECT_EQ(bounds[1], 0);
}

// As many yields as are free, while the other stands still, then a failure: within reach of pct in
// at least one of eight executions (the first process first, no change of priority before its end);
// 200 executions would all miss it with a probability below 1e-11.
TEST(Fairness, DoesNotCutOffAFewRetries) {
  std::string program;
  for (uint32_t i = 0; i < Fairness::kPatience; i++) program += "Y ";
  program += "Rx ?x0 E | Wx1 Wx1 Wx1";
  ExploreOptions options;
  options.strategy = "pct";
  options.iterations = 200;
  EXPECT_EQ(explore(ToySystem::factory(program), options).findings.size(), 1u);
}

// Yields of a process do not hold back one that is not ahead of anybody: a process that does not
// yield may run to its end while all others stand still.
TEST(Fairness, HoldsBackOnlyWhoYields) {
  ExploreOptions options;
  options.strategy = "pct";
  options.iterations = 200;
  const std::string others = " | Y Y Y Y Y Y Y Y Y Y Y Y Wx1 | Y Y Y Y Y Y Y Y Y Y Y Y Wx1";
  EXPECT_EQ(explore(ToySystem::factory("Ry Ry Ry Ry Ry Ry Ry Ry Ry Rx ?x0 E" + others), options)
                .findings.size(),
            1u);
}

TEST(Fairness, TheResultDoesNotDependOnTheWorkers) {
  for (const char* strategy : {"pct", "auto", "pos"}) {
    std::vector<uint64_t> steps;
    for (const unsigned workers : {1u, 3u}) {
      ExploreOptions options;
      options.strategy = strategy;
      options.iterations = 500;
      options.workers = workers;
      steps.push_back(explore(ToySystem::factory("Y Rx !x1 J | Ry Ry Wx1"), options).steps);
    }
    EXPECT_EQ(steps[0], steps[1]) << strategy;
  }
}

}  // namespace
}  // namespace lockstep
