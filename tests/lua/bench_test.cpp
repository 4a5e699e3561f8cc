// The ports under scenarios/bench: each bug is found and is the failure that its file names, each
// repair is clean, and proved so where its file says that the proof ends.
#include <set>

#include "tests/lua/support.h"

namespace lockstep::lua_tests {
namespace {

// Files of the folder itself: what lies below are modules, and the repairs.
std::vector<std::string> programs(const std::string& folder) {
  std::vector<std::string> files = scenario_files(folder);
  files.erase(std::remove_if(files.begin(), files.end(),
                             [](const auto& f) { return f.find('/') != std::string::npos; }),
              files.end());
  return files;
}

// NAME.lua, whose head stands for NAME_ets.lua as well.
std::string published(const std::string& file) {
  const std::string stem = file.substr(0, file.rfind(".lua"));
  const bool ets = stem.size() > 4 && stem.substr(stem.size() - 4) == "_ets";
  return (ets ? stem.substr(0, stem.size() - 4) : stem) + ".lua";
}

vm::Program load(const std::string& path) {
  auto program = vm::Program::from_file(source_path(path));
  EXPECT_EQ(program.scenarios().size(), 1u) << path;
  return program;
}

class Port : public testing::TestWithParam<std::string> {};

TEST_P(Port, FailsAsItsFileSays) {
  const std::string head = read_text(source_path("scenarios/bench/" + published(GetParam())));
  const std::string verdict = header(head, "Fails");
  const auto program = load("scenarios/bench/" + GetParam());
  if (verdict == "never") {
    expect_as_declared(program, program.scenarios()[0], {{"iterations", "300"}});
    return;
  }
  const auto result = run_scenario(program, program.scenarios()[0], {{"iterations", "2000"}});
  // What comes once in a million executions is left to `lockstep bench`.
  if (result.findings.empty() && header(head, "Rare") != "") return;
  ASSERT_EQ(result.findings.size(), 1u) << show(result);
  EXPECT_TRUE(result.findings[0].deterministic) << show(result);
  EXPECT_EQ(verdict_name(result.findings[0].outcome.verdict), verdict) << show(result);
}

INSTANTIATE_TEST_SUITE_P(Bench, Port, testing::ValuesIn(programs("scenarios/bench")), test_name);

class RepairedPort : public testing::TestWithParam<std::string> {};

TEST_P(RepairedPort, IsClean) {
  const std::string path = "scenarios/bench/fixed/" + GetParam();
  const auto program = load(path);
  const auto& scenario = program.scenarios()[0];
  for (const char* strategy : {"random", "pos"})
    expect_as_declared(program, scenario, {{"strategy", strategy}, {"iterations", "200"}});
  const std::string proof = header(read_text(source_path(path)), "Proved by");
  if (proof.empty()) return;
  const auto result =
      run_scenario(program, scenario, {{"strategy", proof}, {"iterations", "20000"}});
  EXPECT_TRUE(result.exhausted) << "no end within 20000 executions";
  EXPECT_EQ(result.bound_hit, 0u);
  EXPECT_TRUE(result.findings.empty()) << show(result);
}

INSTANTIATE_TEST_SUITE_P(Bench, RepairedPort, testing::ValuesIn(programs("scenarios/bench/fixed")),
                         test_name);

TEST(Bench, EachProgramHasItsFormsItsRepairAndItsLine) {
  const auto files = programs("scenarios/bench"), repaired = programs("scenarios/bench/fixed");
  const std::set<std::string> all(files.begin(), files.end());
  const std::set<std::string> repairs(repaired.begin(), repaired.end());
  const std::string readme = read_text(source_path("scenarios/bench/README.md"));
  for (const auto& file : all) {
    const std::string name = published(file);
    EXPECT_TRUE(all.count(name) && all.count(name.substr(0, name.size() - 4) + "_ets.lua")) << name;
    const std::string verdict = header(read_text(source_path("scenarios/bench/" + name)), "Fails");
    EXPECT_NE(verdict, "") << name;
    EXPECT_TRUE(repairs.count(name) || verdict == "never") << name << " has no repair";
    EXPECT_NE(readme.find("`" + name + "`"), std::string::npos) << name << " is not in the README";
  }
  for (const auto& file : repairs) EXPECT_TRUE(all.count(file)) << file;
}

}  // namespace
}  // namespace lockstep::lua_tests
