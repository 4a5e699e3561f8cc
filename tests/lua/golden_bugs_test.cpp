// Ports of SCTBench programs whose numbers of classes, and of those that fail, were counted with
// another reduction by another program. There a failure ended its thread alone, and so it does here
// (drain): whoever waits for that thread waits for ever. dpor_bugs_test.cpp has more, on the toy.
//
// Not here: CVE-2017-6346, counted as 58 (26). What is known of the program that was counted (a
// pointer that two calls free) does not say of which steps a use and a free consisted; here they
// are two each, and the count 24 (22).
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

void expect_classes(const vm::Program& program, uint64_t classes, uint64_t failing) {
  const auto& scenario = program.scenarios()[0];
  const auto settings = cli::resolve_settings(scenario, {{"strategy", "dpor"},
                                                         {"iterations", "100000"},
                                                         {"drain", "true"},
                                                         {"crashes", "allow"},
                                                         {"reduce", "none"}});
  ExploreOptions options = settings.explore();
  options.max_failures = 0;
  options.slice = UINT64_MAX;  // one part gives no execution up
  const auto result = explore(
      [&] { return vm::make_machine(program, scenario.name, settings.machine()); }, options);
  uint64_t failed = 0;
  for (const auto& finding : result.findings) failed += finding.times;
  EXPECT_TRUE(result.exhausted);
  EXPECT_EQ(result.iterations, classes);
  EXPECT_EQ(failed, failing);
  EXPECT_EQ(result.blocked, 0u);
}

TEST(Ports, PublishedClassesAndThoseThatFail) {
  for (const Port& port : kPorts)
    for (const char* form : {"", "_ets"}) {
      SCOPED_TRACE(std::string(port.name) + form);
      expect_classes(vm::Program::from_file(
                         source_path(std::string("scenarios/bench/") + port.name + form + ".lua")),
                     port.classes, port.failing);
    }
}

// CVE-2016-1972 with the pointer alone in place of pointer and block: who enters looks at it twice,
// for the field and for the mutex, as the C program does, and to free is to set it to NULL. The
// port in scenarios/bench has a use and a free of two steps each: 128 (60), with as many that pass.
TEST(Ports, ALockThatItsLastUserFreesHasThePublishedClasses) {
  expect_classes(vm::Program::from_sources({{"counted_lock.lua", R"(
local threads = require "lockstep.threads"

threads.program("counted lock", function()
  local done, waiters, lock = threads.cell("done"), threads.cell("waiters"), threads.cell("lock", 1)
  local mutex = threads.mutex("mutex")

  local function once()
    if done:get() == 1 then return end
    waiters:set(waiters:get() + 1)
    assert(lock:get() ~= 0)
    assert(lock:get() ~= 0)
    mutex:lock()
    if done:get() == 0 then done:set(1) end
    mutex:unlock()
    local left = waiters:get() - 1
    waiters:set(left)
    if left == 0 then lock:set(0) end
  end

  local first, second = threads.create(once), threads.create(once)
  threads.join(second)
  threads.join(first)
end)
)"}}),
                 96, 28);
}

}  // namespace
}  // namespace lockstep::lua_tests
