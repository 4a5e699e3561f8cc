// The Lua scenarios of tests/lua about shared state, each under every schedule or, where there are
// too many, under many.
#include <gtest/gtest.h>

#include "engine/explorer.h"
#include "vm/program.h"

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
    ExploreResult r = explore_scenario(program, info.name, "dfs", 3000);
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

}  // namespace
}  // namespace lockstep
