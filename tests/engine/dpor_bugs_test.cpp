// Small buggy programs of SCTBench with known numbers of classes, and of those that fail, counted
// with another reduction by another program. dpor executes each class once; cache finds the same
// failures.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

struct Bug {
  const char* name;
  std::string program;
  uint64_t classes, failing;
};

std::string times(const std::string& part, int n) {
  std::string s;
  for (int i = 0; i < n; i++) s += part + "|";
  return s;
}

// (a, b) must be (0, 0) or (1, -1); -1 is 2 here. Each name in the condition is a read of its own.
const std::string kSetter = "Wa1 Wb2", kChecker = "Ra Ka12 Rb !b0 Ra Ka11 E Rb Kb21 E";
// The second value is the first plus one, under another lock.
const std::string kWriter = "Lm Wa1 Um Ln Ra Wb2 Un", kReader = "Lm Ra Um !a0 Ln Rb Un Kb21 E";

const Bug kBugs[] = {
    {"reorder(2, 1)", times(kSetter, 2) + kChecker, 56, 12},
    {"reorder(4, 1)", times(kSetter, 4) + kChecker, 40'032, 5'760},
    {"twostage(1, 1)", times(kWriter, 1) + kReader, 3, 1},
    {"twostage(2, 1)", times(kWriter, 2) + kReader, 40, 10},
    {"account", "Lm Ix Wd1 Um|Lm Ix We1 Um|Lm Rd Re Um ?d1 ?e1 E", 6, 2},
    {"carter01", "Lm Wa1 Ll Um Lm Wa0 Ul Um|Lm Wb1 Ll Um Lm Wb0 Ul Um", 4, 2},
    {"deadlock01", "La Lb Ub Ua|Lb La Ua Ub", 3, 1},
    {"lazy01", "Lm Ax1 Um|Lm Ax2 Um|Lm Rx Um ?x3 E", 6, 2},
};

ExploreResult explored(const char* strategy, const std::string& program) {
  ExploreOptions o;
  o.strategy = strategy;
  o.iterations = 0;
  o.max_failures = 0;
  o.slice = UINT64_MAX;
  return explore(
      [&] {
        auto system = std::make_unique<ToySystem>(program);
        system->run_on = true;
        return system;
      },
      o);
}

TEST(Bugs, PublishedClassesAndThoseThatFail) {
  for (const Bug& bug : kBugs) {
    SCOPED_TRACE(bug.name);
    const ExploreResult dpor = explored("dpor", bug.program),
                        cache = explored("cache", bug.program);
    uint64_t failing = 0;
    for (const Finding& f : dpor.findings) failing += f.times;
    EXPECT_EQ(dpor.iterations - dpor.blocked, bug.classes);
    EXPECT_EQ(failing, bug.failing);
    EXPECT_EQ(cache.findings.size(), dpor.findings.size());
    EXPECT_TRUE(dpor.exhausted && cache.exhausted);
  }
}

// Where states are few, executions are: less than a twentieth.
TEST(Bugs, ReorderHasFewStates) {
  const ExploreResult cache = explored("cache", kBugs[1].program);
  EXPECT_LT(cache.iterations * 20, 40'032u);
}

// The published families at sizes that take a second or two; of wronglock_3 the classes alone,
// since the toy cannot compare two values that it remembers (tests/lua/golden_bugs_test.cpp can).
TEST(Bugs, FamiliesAtSize) {
  std::string lastzero;
  for (int i = 12; i > 0; i--) lastzero += fmt::format("R{0} !{0}0 ", static_cast<char>('a' + i));
  lastzero += "Ra";
  for (int i = 1; i <= 12; i++)
    lastzero +=
        fmt::format("|R{} W{}1", static_cast<char>('a' + i - 1), static_cast<char>('a' + i));
  const std::pair<std::string, uint64_t> known[] = {
      {lastzero, 15'360},
      {times("Rx", 13) + "Wx1", 8'192},
      {times("Rx Wx1", 4) + "Rx Wx1", 14'400},
      {times("Wx1 Wx2 Wx3 Wx4", 1) + "Rx Rx Rx Rx", 70},       // hairbrush, C(8, 4)
      {times("Ln Rx Wx1 Un", 3) + "Lm Rx Rx Wx1 Rx Um", 360},  // wronglock_3
  };
  for (const auto& [program, classes] : known) {
    const ExploreResult r = explored("dpor", program);
    EXPECT_EQ(r.iterations - r.blocked, classes) << program;
  }
}

}  // namespace
}  // namespace lockstep
