// Every file below tests/lua is a list of scenarios that hold under all schedules: under two hundred random ones, and
// under the first few hundred of an exhaustive search, which goes back by images and so tests these too.
#include "tests/lua/support.h"

namespace lockstep::lua_tests {
namespace {

class Suite : public testing::TestWithParam<std::string> {};

TEST_P(Suite, HoldsUnderAllSchedules) {
  const auto program = vm::Program::from_file(source_path("tests/lua/" + GetParam()));
  for (const auto& scenario : program.scenarios()) {
    expect_as_declared(program, scenario, {{"strategy", "random"}, {"iterations", "200"}});
    expect_as_declared(program, scenario, {{"strategy", "dfs"}, {"iterations", "300"}});
  }
}

INSTANTIATE_TEST_SUITE_P(Lua, Suite, testing::ValuesIn(scenario_files("tests/lua")), test_name);

}  // namespace
}  // namespace lockstep::lua_tests
