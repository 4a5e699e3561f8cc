// The Lua scenarios of tests/lua about shared state, each under every schedule or, where there are
// too many, under many.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "engine/explore/explorer.h"
#include "engine/relation/dependence.h"
#include "vm/system/program.h"

namespace lockstep {
namespace {

ExploreResult explore_scenario(const vm::Program& program, const std::string& scenario,
                               const std::string& strategy, uint64_t iterations) {
  ExploreOptions o;
  o.strategy = strategy;
  o.iterations = iterations;
  return explore([&] { return vm::make_machine(program, scenario, {}); }, o);
}

// A scenario passes if nothing is found; one that expects a failure, if that is found.
void run_file(const std::string& path) {
  const vm::Program program = vm::Program::from_file(LOCKSTEP_SOURCE_DIR "/tests/lua/" + path);
  for (const vm::ScenarioInfo& info : program.scenarios()) {
    SCOPED_TRACE(path + ": " + info.name);
    const auto expected = info.options.find("expect");
    const bool program_of_many = info.name.starts_with("nd-");
    ExploreResult r = explore_scenario(program, info.name, program_of_many ? "dpor" : "dfs", 3000);
    if (program_of_many && r.findings.empty()) {
      EXPECT_TRUE(r.exhausted);
    }
    if (r.findings.empty() && !r.misuse && !r.exhausted)
      r = explore_scenario(program, info.name, "random", 500);
    if (r.misuse) ADD_FAILURE() << r.misuse->outcome.reason << " at " << r.misuse->outcome.site;
    if (expected == info.options.end()) {
      for (const Finding& f : r.findings)
        ADD_FAILURE() << verdict_name(f.outcome.verdict) << ": " << f.outcome.reason << " at "
                      << f.outcome.site;
    } else {
      EXPECT_EQ(r.findings.size(), 1u);
    }
    for (const Finding& f : r.findings) EXPECT_TRUE(f.deterministic) << f.divergence;
  }
}

TEST(SharedState, EtsConformance) { run_file("conformance/ets.lua"); }
TEST(SharedState, AtomicsConformance) { run_file("conformance/atomics.lua"); }
TEST(SharedState, PersistentTermConformance) { run_file("conformance/persistent_term.lua"); }

TEST(SharedState, Tables) { run_file("ets.lua"); }

// D2: operations called independent commute. Each pair of operations of commute.lua is run in every
// order of its two processes' steps; if the two were called independent whenever both were about to
// happen, there is one outcome.
class EveryOrder final : public Chooser {
 public:
  size_t choose(const ChoicePoint& point) override {
    if (point.data) {
      operations = point.count;
      return wanted[asked++];
    }
    const Alternative* found[2] = {};
    size_t n = 0;
    for (const Alternative& a : point.alternatives)
      if (a.op.kind == OpKind::ets || a.op.kind == OpKind::atomics ||
          a.op.kind == OpKind::persistent_term)
        if (n < 2) found[n++] = &a;
    if (n == 2 && asked == 2) {
      both_pending = true;
      if (dependent(*found[0], *found[1])) called_dependent = true;
    }
    if (at == path.size()) path.push_back({0, point.count});
    return path[at++].first;
  }
  // The next path; false if this was the last.
  bool advance() {
    while (!path.empty() && path.back().first + 1 == path.back().second) path.pop_back();
    if (path.empty()) return false;
    path.back().first++;
    return true;
  }
  std::vector<std::pair<size_t, size_t>> path;
  size_t at = 0, asked = 0, operations = 1;
  size_t wanted[2] = {};
  bool both_pending = false, called_dependent = false;
};

TEST(SharedState, IndependentOperationsCommute) {
  const vm::Program program = vm::Program::from_file(LOCKSTEP_SOURCE_DIR "/tests/lua/commute.lua");
  const auto machine = vm::make_machine(program, "two operations", {});
  size_t operations = 1, independent = 0, pairs = 0;
  for (size_t a = 0; a < operations; a++)
    for (size_t b = a; b < operations; b++) {
      EveryOrder chooser;
      chooser.wanted[0] = a;
      chooser.wanted[1] = b;
      std::set<std::string> outcomes;
      do {
        chooser.at = chooser.asked = 0;
        machine->begin(1, 0);
        const Outcome& outcome = machine->run(chooser);
        ASSERT_EQ(outcome.verdict, Verdict::assertion) << outcome.reason;
        outcomes.insert(outcome.reason);
      } while (chooser.advance());
      operations = chooser.operations;
      pairs++;
      ASSERT_TRUE(chooser.both_pending);
      if (chooser.called_dependent) continue;
      independent++;
      EXPECT_EQ(outcomes.size(), 1u) << "operations " << a + 1 << " and " << b + 1 << ":\n"
                                     << *outcomes.begin() << "\n"
                                     << *outcomes.rbegin();
    }
  EXPECT_GT(independent, pairs / 4);
}

}  // namespace
}  // namespace lockstep
