// Bounds that end an execution whatever the guest does (D10).
#include <gtest/gtest.h>

#include "engine/explore/explorer.h"
#include "vm/memory/arena.h"
#include "vm/system/program.h"

namespace lockstep {
namespace {

ExploreResult run(const std::string& body, vm::MachineOptions machine = {}) {
  machine.limits.max_memory = 96u << 20;
  const auto program = vm::Program::from_sources(
      {{"s.lua", "local lockstep = require 'lockstep'\nlockstep.scenario('x', function()\n" + body +
                     "\nend)"}});
  ExploreOptions options;
  options.iterations = 3;
  return explore([&] { return vm::make_machine(program, "x", machine); }, options);
}

void expect_verdict(const std::string& body, Verdict verdict, const std::string& site = {}) {
  const auto result = run(body);
  ASSERT_EQ(result.findings.size(), 1u) << body;
  EXPECT_EQ(result.findings[0].outcome.verdict, verdict) << body << "\n"
                                                         << result.findings[0].outcome.reason;
  EXPECT_TRUE(result.findings[0].deterministic) << result.findings[0].divergence;
  if (!site.empty()) {
    EXPECT_EQ(result.findings[0].outcome.site, site);
  }
}

TEST(Resources, AGigabyteOfString) {
  expect_verdict("pcall(string.rep, 'x', 1 << 30)", Verdict::memory_bound, "s.lua:3");
  expect_verdict("local s = 'x' for i = 1, 40 do s = s .. s end", Verdict::memory_bound, "s.lua:3");
  // A string buffer raises an error of Lua's where it finds no room, which unwinds the stack.
  expect_verdict("local s = ('x'):rep(1 << 20) s = s:gsub('x', ('y'):rep(100))",
                 Verdict::memory_bound, "s.lua:3");
  expect_verdict("local t = {} for i = 1, 150 do t[i] = ('x'):rep(1000000) .. i end",
                 Verdict::memory_bound);
}
TEST(Resources, Garbage) {
  const auto result = run("for i = 1, 1000 do local s = ('x'):rep(100000 + i) end");
  EXPECT_TRUE(result.findings.empty()) << result.findings[0].outcome.reason;
}
TEST(Resources, MessagesCount) {
  expect_verdict(
      "local s = ('x'):rep(4000000)\nwhile true do lockstep.send(lockstep.self(), s) end",
      Verdict::memory_bound);
}
TEST(Resources, EndlessRecursion) {
  expect_verdict("local function f(n) return 1 + f(n) end f(1)", Verdict::assertion);
  expect_verdict("local function f() return pcall(f) end f() while true do lockstep.yield() end",
                 Verdict::step_bound);
  expect_verdict(
      "local s = setmetatable({}, {__index = function(t, k) return t[k] end}) return s.x",
      Verdict::assertion);
  expect_verdict("local function f() return (string.gsub('a', 'a', f)) end f()",
                 Verdict::assertion);
}
TEST(Resources, RunawayInsideACoroutineAndAMatcher) {
  vm::MachineOptions few;
  few.limits.max_instructions = 2'000'000;
  for (const char* body :
       {"coroutine.wrap(function() while true do end end)()",
        "while true do pcall(error, 'again') end",
        "lockstep.send(lockstep.self(), 1) lockstep.recv_first(function() while true do end end)",
        "table.sort({2, 1}, function() while true do end end)",
        "local me = lockstep.self()\nlockstep.spawn(function() lockstep.send(me, 1) end)\n"
        "lockstep.recv_first(function() while true do end end)",
        "lockstep.send_after(lockstep.self(), 1, 1)\n"
        "lockstep.recv_first(function() while true do end end)",
        "lockstep.invariant('i', function() while true do end end)",
        "local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = "
        "function() while true do end end}) coroutine.yield() end)\n"
        "coroutine.resume(co) coroutine.close(co)"}) {
    const auto result = run(body, few);
    ASSERT_EQ(result.findings.size(), 1u) << body;
    EXPECT_EQ(result.findings[0].outcome.verdict, Verdict::runaway) << body;
  }
}
// Of each machine's stacks one lies beside the other.
TEST(Resources, EndlessRecursionInTwoProcesses) {
  const auto result = run(
      "local deep = {} for i = 1, 95 do deep = {i, deep} end\n"
      "local function f() return (string.gsub('a', 'a', function()\n"
      "lockstep.send(lockstep.self(), deep) lockstep.recv() return f() end)) end\n"
      "local pids = {}\n"
      "for i = 1, 4 do pids[i] = lockstep.spawn_monitor(function() assert(not pcall(f)) end) end\n"
      "for i = 1, 4 do assert(lockstep.recv()[5] == 'normal') end");
  EXPECT_TRUE(result.findings.empty()) << result.findings[0].outcome.reason;
}
// Who runs in another's name, on the other's coroutine, has a stack for it.
TEST(Resources, DeepCallsInMatchersAndPredicates) {
  const std::string nest =
      "local function nest(n, f) if n == 0 then return f() end\n"
      "return (('a'):gsub('a', function() nest(n - 1, f) end)) end\n"
      "local function deep() nest(190, function() end) return true end\n";
  for (const char* body :
       {"local r = lockstep.spawn(function() lockstep.recv_first(deep) lockstep.send(pid, 'ok') "
        "end)\n"
        "lockstep.spawn(function() nest(190, function() lockstep.send(r, 'x') end) end)",
        "lockstep.send_after(lockstep.spawn(function() lockstep.recv_first(deep) "
        "lockstep.send(pid, "
        "'ok') end), 'x', 1)",
        "lockstep.invariant('i', deep)\n"
        "nest(190, function() lockstep.yield() end) lockstep.send(pid, 'ok')",
        "lockstep.eventually('e', deep)\n"
        "nest(190, function() lockstep.yield() end) lockstep.send(pid, 'ok')"}) {
    const auto result =
        run("local pid = lockstep.self()\n" + nest + body + "\nassert(lockstep.recv() == 'ok')");
    EXPECT_TRUE(result.findings.empty()) << body << "\n" << result.findings[0].outcome.reason;
  }
}
// Asked from inside a sync point, so on the stack of the process that comes to it.
class Overflows final : public Chooser {
 public:
  size_t choose(const ChoicePoint&) override {
    for (int i = 0; i < 4000; i++) *static_cast<volatile char*>(__builtin_alloca(1024)) = 1;
    return 0;
  }
};
TEST(Resources, TheEndOfAStackIsAFailureWithItsPlace) {
  const auto program =
      vm::Program::from_sources({{"s.lua",
                                  "local lockstep = require 'lockstep'\n"
                                  "lockstep.scenario('x', function()\n"
                                  "for _ = 1, 2 do lockstep.spawn(function()\n"
                                  "lockstep.yield() end) end\nlockstep.sleep(1)\nend)"}});
  const auto machine = vm::make_machine(program, "x", {});
  for (uint64_t i = 0; i < 3; i++) {  // and nothing is the worse for it
    Overflows overflows;
    machine->begin(1, i);
    const Outcome outcome = machine->run(overflows);
    EXPECT_EQ(outcome.verdict, Verdict::memory_bound);
    EXPECT_NE(outcome.reason.find("C stack overflow"), std::string::npos) << outcome.reason;
    EXPECT_EQ(outcome.site, "s.lua:3") << outcome.reason;  // the first operation, a spawn
  }
}

TEST(Resources, ALoopInAModelIsARunaway) {
  for (const char* body : {"while true do end", "return ('').rep('', 1 << 62)"}) {
    vm::MachineOptions few;
    few.limits.max_instructions = 2'000'000;
    few.limits.max_compute = 0.2;
    const auto result = run(std::string("lockstep.checker.linearizable({\n"
                                        "{ process = 1, type = 'invoke', f = 'read' },\n"
                                        "{ process = 1, type = 'ok', f = 'read', value = 1 } },\n"
                                        "{ init = 0, step = function() ") +
                                body + " end })",
                            few);
    ASSERT_EQ(result.findings.size(), 1u) << body;
    EXPECT_EQ(result.findings[0].outcome.verdict, Verdict::runaway)
        << body << result.findings[0].outcome.reason;
  }
}

TEST(Resources, ACopyThatIsMuchLarger) {
  expect_verdict("local t = {} for i = 1, 60 do t = {t, t} end\nlockstep.send(lockstep.self(), t)",
                 Verdict::assertion, "s.lua:4");
  expect_verdict(
      "local s, t = ('x'):rep(1000000), {} for i = 1, 200 do t[i] = s end\n"
      "lockstep.spawn(function() return t end)",
      Verdict::assertion, "s.lua:4");
}
TEST(Resources, ProcessesAndDepth) {
  expect_verdict("while true do lockstep.spawn(lockstep.recv) end", Verdict::memory_bound);
  expect_verdict("local t = {} t.t = t\nlockstep.send(lockstep.self(), t)", Verdict::assertion,
                 "s.lua:4");
}

// There is no class of blocks for them, and no free block of that size.
TEST(Resources, RequestsLargerThanAnyBlockAreRefused) {
  vm::Arena arena;
  arena.reset();
  for (int bits = 31; bits < 64; bits++) EXPECT_EQ(arena.get(size_t{1} << bits), nullptr) << bits;
  EXPECT_NE(arena.get(100), nullptr);
}

}  // namespace
}  // namespace lockstep
