// The Lua in our pages runs: each block with a scenario is a program.
#include "tests/lua/support.h"

namespace lockstep::lua_tests {
namespace {

std::vector<std::string> lua_blocks(const std::string& page) {
  std::vector<std::string> blocks;
  const std::string text = read_text(source_path(page));
  size_t at = 0;
  while ((at = text.find("```lua\n", at)) != std::string::npos) {
    at += 7;
    const size_t end = text.find("```", at);
    blocks.push_back(text.substr(at, end - at));
    at = end + 3;
  }
  return blocks;
}

class Page : public testing::TestWithParam<std::string> {};

TEST_P(Page, HasExamplesThatRun) {
  int run = 0;
  for (const auto& block : lua_blocks(GetParam())) {
    if (block.find("lockstep.scenario(") == std::string::npos) continue;
    SCOPED_TRACE(block);
    try {
      const auto program = vm::Program::from_sources({{"example.lua", block}});
      for (const auto& scenario : program.scenarios())
        expect_as_declared(program, scenario, {{"strategy", "pos"}, {"iterations", "200"}});
      run++;
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
    }
  }
  EXPECT_GT(run, 0);
}

INSTANTIATE_TEST_SUITE_P(Pages, Page, testing::Values("lua/README.md", "scenarios/README.md"),
                         test_name);

}  // namespace
}  // namespace lockstep::lua_tests
