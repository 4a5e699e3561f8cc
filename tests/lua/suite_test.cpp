// Every file below tests/lua is a list of scenarios that hold under all schedules: under two
// hundred random ones, and under the first few hundred of an exhaustive search, which goes back by
// images and so tests these too.
#include <optional>

#include "engine/base/error.h"
#include "tests/lua/support.h"

namespace lockstep::lua_tests {
namespace {

class Suite : public testing::TestWithParam<std::string> {};

TEST_P(Suite, HoldsUnderAllSchedules) {
  const std::string path = source_path("tests/lua/" + GetParam());
  if (header(read_text(path), "Run by") != "") GTEST_SKIP() << "for a test of its own";
  std::optional<vm::Program> loaded;
  try {
    loaded = vm::Program::from_file(path);
  } catch (const Error& e) {
    if (std::string(e.what()).find("no scenario in this file") == std::string::npos) throw;
    GTEST_SKIP() << "a module";
  }
  const vm::Program& program = *loaded;
  for (const auto& scenario : program.scenarios()) {
    if (scenario.options.count("expect")) {  // an outcome that some schedule reaches
      expect_as_declared(program, scenario, {{"strategy", "random"}, {"iterations", "5000"}});
      continue;
    }
    expect_as_declared(program, scenario, {{"strategy", "random"}, {"iterations", "200"}});
    expect_as_declared(program, scenario, {{"strategy", "dfs"}, {"iterations", "300"}});
  }
}

INSTANTIATE_TEST_SUITE_P(Lua, Suite, testing::ValuesIn(scenario_files("tests/lua")), test_name);

}  // namespace
}  // namespace lockstep::lua_tests
