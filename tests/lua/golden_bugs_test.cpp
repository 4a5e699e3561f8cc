// Ports of SCTBench programs whose numbers of classes, and of those that fail, were counted with
// another reduction by another program. There a failure ended its thread alone, and so it does here
// (drain): whoever waits for that thread waits for ever. dpor_bugs_test.cpp has more, on the toy.
//
// Not here: CVE-2016-1972, counted as 96 (28), and CVE-2017-6346, 58 (26). What is known of the
// programs that were counted (a counted lock, a pointer that two calls free) does not say of which
// steps a use and a free consisted; here they are two each, and the counts 128 (60), with as many
// that pass, and 24 (22).
#include "tests/lua/support.h"

namespace lockstep::lua_tests {
namespace {

struct Port {
  const char* name;
  uint64_t classes, failing;
};
const Port kPorts[] = {{"account", 6, 2},  {"carter01", 4, 2},          {"deadlock01", 3, 1},
                       {"lazy01", 6, 2},   {"wronglock_3", 360, 246},   {"reorder_3", 56, 12},
                       {"twostage", 3, 1}, {"reorder_5", 40'032, 5'760}};

TEST(Ports, PublishedClassesAndThoseThatFail) {
  for (const Port& port : kPorts)
    for (const char* form : {"", "_ets"}) {
      SCOPED_TRACE(std::string(port.name) + form);
      const auto program = vm::Program::from_file(
          source_path(std::string("scenarios/bench/") + port.name + form + ".lua"));
      const auto& scenario = program.scenarios()[0];
      const auto settings = cli::resolve_settings(scenario, {{"strategy", "dpor"},
                                                             {"iterations", "100000"},
                                                             {"drain", "true"},
                                                             {"crashes", "allow"}});
      ExploreOptions options = settings.explore();
      options.max_failures = 0;
      options.slice = UINT64_MAX;  // one part gives no execution up
      const auto result = explore(
          [&] { return vm::make_machine(program, scenario.name, settings.machine()); }, options);
      uint64_t failing = 0;
      for (const auto& finding : result.findings) failing += finding.times;
      EXPECT_TRUE(result.exhausted);
      EXPECT_EQ(result.iterations, port.classes);
      EXPECT_EQ(failing, port.failing);
      EXPECT_EQ(result.blocked, 0u);
    }
}

}  // namespace
}  // namespace lockstep::lua_tests
