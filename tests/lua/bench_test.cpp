// The ports under scenarios/bench: each bug is found and is the failure that its file names, each
// repair is clean, and proved so where its file says that the proof ends.
#include <set>

#include "tests/lua/support.h"

namespace lockstep::lua_tests {
namespace {

// Files of these folders of scenarios/bench, with the folder; what lies below them are modules.
std::vector<std::string> programs(const std::vector<std::string>& folders) {
  std::vector<std::string> found;
  for (const auto& folder : folders)
    for (const auto& file : scenario_files("scenarios/bench/" + folder))
      if (file.find('/') == std::string::npos) found.push_back(folder + file);
  return found;
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

INSTANTIATE_TEST_SUITE_P(Bench, Port, testing::ValuesIn(programs({"", "held_out/", "locals/"})),
                         test_name);

class RepairedPort : public testing::TestWithParam<std::string> {};

TEST_P(RepairedPort, IsClean) {
  const std::string path = "scenarios/bench/" + GetParam();
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

INSTANTIATE_TEST_SUITE_P(Bench, RepairedPort,
                         testing::ValuesIn(programs({"fixed/", "held_out/fixed/"})), test_name);

// Classes of equivalent schedules: known from elsewhere, or by counting. Two processes that take m
// and m turns under one lock have C(2m, m); n takers of one lock n!; n philosophers one for each
// acyclic order of the neighbours (2^n - 2), and the deadlock.
TEST(Bench, LocksHaveTheKnownNumbersOfClasses) {
  const std::pair<const char*, uint64_t> known[] = {
      {"account", 6},
      {"carter01", 4},
      {"deadlock01", 3},
      {"lazy01", 6},
      {"wronglock_3", 360},
      {"din_phil5_deadlock", 31},
      {"fixed/circular_buffer", 3432},
      {"fixed/din_phil5_deadlock", 30},
      {"fixed/reorder_5", 120},
      {"fixed/lazy01", 6},
  };
  for (const auto& [name, classes] : known) {
    const auto program = load(std::string("scenarios/bench/") + name + ".lua");
    const auto& scenario = program.scenarios()[0];
    const cli::Settings settings = cli::resolve_settings(
        scenario, {{"strategy", "dpor"}, {"iterations", "10000"}, {"reduce", "none"}});
    ExploreOptions options = settings.explore();
    options.max_failures = 1000;
    const auto make = [&] { return vm::make_machine(program, scenario.name, settings.machine()); };
    const auto result = explore(make, options);
    EXPECT_TRUE(result.exhausted) << name;
    EXPECT_EQ(result.iterations - result.blocked, classes) << name;
  }
}

TEST(Bench, EachProgramHasItsFormsItsRepairAndItsLine) {
  const auto files = programs({"", "fixed/", "held_out/", "held_out/fixed/"});
  const std::set<std::string> all(files.begin(), files.end());
  const std::string readme = read_text(source_path("scenarios/bench/README.md"));
  for (const auto& file : all) {
    const std::string name = published(file);
    const size_t cut = name.rfind('/') + 1;  // 0 if it is in the folder itself
    const std::string folder = name.substr(0, cut), base = name.substr(cut);
    const bool repair = folder.size() >= 6 && folder.compare(folder.size() - 6, 6, "fixed/") == 0;
    if (repair) {
      EXPECT_TRUE(all.count(folder.substr(0, folder.size() - 6) + base)) << name;
      continue;
    }
    EXPECT_NE(readme.find("`" + name + "`"), std::string::npos) << name << " is not in the README";
    const std::string verdict = header(read_text(source_path("scenarios/bench/" + name)), "Fails");
    EXPECT_NE(verdict, "") << name;
    EXPECT_TRUE(all.count(folder + "fixed/" + base) || verdict == "never") << name << ": no repair";
    const bool ets = all.count(name.substr(0, name.size() - 4) + "_ets.lua") != 0;
    EXPECT_TRUE(ets || !folder.empty()) << name;
  }
}

}  // namespace
}  // namespace lockstep::lua_tests
