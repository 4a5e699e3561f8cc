// The bugs are found as their files say, the repairs are clean, the failures are what they show.
#include <set>

#include "tests/lua/support.h"

namespace lockstep::lua_tests {
namespace {

constexpr int kSeeds = 5;

struct FoundBy {
  std::string strategy, iterations;
};
// "pos within 20 iterations"
FoundBy found_by(const std::string& text) {
  std::smatch match;
  const std::string line = header(text, "Found by");
  if (!std::regex_match(line, match, std::regex("(\\w+) within (\\d+) iterations"))) return {};
  return {match[1], match[2]};
}

class Bug : public testing::TestWithParam<std::string> {};

TEST_P(Bug, IsFoundAsItsFileSays) {
  const std::string path = source_path("scenarios/bugs/" + GetParam());
  const auto [strategy, iterations] = found_by(read_text(path));
  ASSERT_NE(strategy, "") << "no line '-- Found by: STRATEGY within N iterations' in " << path;
  const auto program = vm::Program::from_file(path);
  ASSERT_EQ(program.scenarios().size(), 1u);
  for (int seed = 1; seed <= kSeeds; seed++) {
    const auto result = run_scenario(
        program, program.scenarios()[0],
        {{"strategy", strategy}, {"iterations", iterations}, {"seed", std::to_string(seed)}});
    ASSERT_EQ(result.findings.size(), 1u) << "seed " << seed << "\n" << show(result);
    EXPECT_TRUE(result.findings[0].deterministic) << show(result);
    EXPECT_LT(result.findings[0].iteration, std::stoull(iterations));
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Bug, testing::ValuesIn(scenario_files("scenarios/bugs")),
                         test_name);

class Repair : public testing::TestWithParam<std::string> {};

TEST_P(Repair, IsClean) {
  const auto program = vm::Program::from_file(source_path("scenarios/fixed/" + GetParam()));
  ASSERT_EQ(program.scenarios().size(), 1u);
  for (const char* strategy : {"random", "pos"})
    expect_as_declared(program, program.scenarios()[0],
                       {{"strategy", strategy}, {"iterations", "10000"}});
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Repair, testing::ValuesIn(scenario_files("scenarios/fixed")),
                         test_name);

class Failure : public testing::TestWithParam<std::string> {};

TEST_P(Failure, IsWhatItsFileSays) {
  const std::string path = source_path("scenarios/failures/" + GetParam());
  const std::string outcome = header(read_text(path), "Outcome");
  const auto program = vm::Program::from_file(path);
  ASSERT_EQ(program.scenarios().size(), 1u);
  const auto result =
      run_scenario(program, program.scenarios()[0], {{"strategy", "pos"}, {"iterations", "50"}});
  if (outcome == "passed") {
    EXPECT_TRUE(result.findings.empty()) << show(result);
    EXPECT_FALSE(result.misuse);
    return;
  }
  const bool misuse = outcome == "misuse";
  ASSERT_EQ(result.misuse.has_value(), misuse) << show(result);
  ASSERT_EQ(result.findings.size(), misuse ? 0u : 1u) << show(result);
  const Finding& finding = misuse ? *result.misuse : result.findings[0];
  EXPECT_STREQ(verdict_name(finding.outcome.verdict), outcome.c_str()) << show(result);
  EXPECT_TRUE(finding.deterministic) << show(result);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Failure,
                         testing::ValuesIn(scenario_files("scenarios/failures")), test_name);

std::set<std::string> names(const std::string& folder) {
  const auto files = scenario_files(folder);
  return {files.begin(), files.end()};
}

TEST(Scenarios, EachBugHasItsRepair) {
  EXPECT_EQ(names("scenarios/bugs"), names("scenarios/fixed"));
  EXPECT_GE(names("scenarios/bugs").size(), 14u);
  for (const auto& file : names("scenarios/bugs"))
    for (const char* folder : {"bugs/", "fixed/"})
      EXPECT_NE(header(read_text(source_path("scenarios/" + (folder + file))), "Class"), "")
          << folder << file;
}

TEST(Scenarios, TheReadmeListsEachFile) {
  const std::string readme = read_text(source_path("scenarios/README.md"));
  for (const char* folder : {"tour/", "bugs/", "failures/"})
    for (const auto& file : scenario_files(std::string("scenarios/") + folder))
      EXPECT_NE(readme.find(folder + file), std::string::npos) << folder << file;
}

// LOCKSTEP_FIGURES=1 prints the README's table: the median iteration (from 1) over 20 seeds by
// which each strategy found each bug, of 5,000 at most.
TEST(Scenarios, Figures) {
  if (!std::getenv("LOCKSTEP_FIGURES")) GTEST_SKIP() << "set LOCKSTEP_FIGURES=1";
  const std::vector<std::string> strategies{"random", "pct", "pos", "loc"};
  for (const auto& file : scenario_files("scenarios/bugs")) {
    const std::string path = source_path("scenarios/bugs/" + file);
    const auto program = vm::Program::from_file(path);
    const auto [strategy, iterations] = found_by(read_text(path));
    std::string row = "| `bugs/" + file + "` | " + header(read_text(path), "Class") + " | " +
                      strategy + ", " + iterations + " |";
    for (const auto& name : strategies) {
      std::vector<uint64_t> found;
      for (int seed = 1; seed <= 20; seed++) {
        const auto result = run_scenario(
            program, program.scenarios()[0],
            {{"strategy", name}, {"iterations", "5000"}, {"seed", std::to_string(seed)}});
        found.push_back(result.findings.empty() ? 5001 : result.findings[0].iteration + 1);
      }
      std::sort(found.begin(), found.end());
      const auto shown = [](uint64_t i) { return i > 5000 ? "never" : std::to_string(i); };
      row += " " + shown(found[9]) + " (" + shown(found.back()) + ") |";
    }
    printf("%s\n", row.c_str());
  }
}

}  // namespace
}  // namespace lockstep::lua_tests
