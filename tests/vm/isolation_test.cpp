// Writes to what processes would share unseen are misuse, and name the variable, the file and the
// line. That copies are copies is shown in tests/lua/isolation.lua.
#include <gtest/gtest.h>

#include "engine/explorer.h"
#include "vm/program.h"

namespace lockstep {
namespace {

ExploreResult run(const std::string& text) {
  const auto program = vm::Program::from_sources(
      {{"s.lua", text}, {"config.lua", "return { retries = 3, list = { 1 } }"}});
  ExploreOptions options;
  options.iterations = 5;
  return explore([&] { return vm::make_machine(program, program.scenarios()[0].name, {}); },
                 options);
}

struct Case {
  const char* name;
  const char* text;
  const char* object;  // part of what is named
  const char* site;
};

class Misuse : public testing::TestWithParam<Case> {};

TEST_P(Misuse, NamesVariableFileAndLine) {
  const Case& c = GetParam();
  const auto result = run(std::string("local lockstep = require 'lockstep'\n") + c.text);
  ASSERT_TRUE(result.misuse) << (result.findings.empty() ? "" : result.findings[0].outcome.reason);
  const Outcome& o = result.misuse->outcome;
  EXPECT_EQ(o.verdict, Verdict::misuse);
  EXPECT_NE(o.reason.find(c.object), std::string::npos) << o.reason;
  EXPECT_EQ(o.site, c.site) << o.reason;
  EXPECT_TRUE(result.misuse->deterministic) << result.misuse->divergence;
  EXPECT_TRUE(result.findings.empty());
}

const Case kCases[] = {
    {"Global", "lockstep.scenario('x', function()\nlockstep.yield()\nn = 1\nend)", "'n'",
     "s.lua:4"},
    {"GlobalInsidePcall", "lockstep.scenario('x', function()\npcall(function()\nn = 1\nend)\nend)",
     "'n'", "s.lua:4"},
    {"GlobalByRawset", "lockstep.scenario('x', function()\nrawset(_G, 'n', 1)\nend)", "_G",
     "s.lua:3"},
    {"FileLocal", "local n = 0\nlockstep.scenario('x', function()\nn = n + 1\nend)", "'n'",
     "s.lua:4"},
    {"FileLocalInProcess",
     "local n = 0\nlockstep.scenario('x', function()\nlockstep.spawn(function()\nn = n + "
     "1\nend)\nlockstep.sleep(1)\nend)",
     "'n'", "s.lua:5"},
    {"FileLocalOfFunction",
     "local n = 0\nlocal function add()\nn = n + 1\nend\nlockstep.scenario('x', "
     "function()\nadd()\nend)",
     "'n'", "s.lua:4"},
    {"FileTableField", "local t = {a = 1}\nlockstep.scenario('x', function()\nt.a = 2\nend)", "'t'",
     "s.lua:4"},
    {"FileTableNewField", "local t = {}\nlockstep.scenario('x', function()\nt.b = 2\nend)", "'t'",
     "s.lua:4"},
    {"FileTableAppend", "local t = {}\nlockstep.scenario('x', function()\nt[#t + 1] = 2\nend)",
     "'t'", "s.lua:4"},
    {"FileTableInner", "local t = {u = {}}\nlockstep.scenario('x', function()\nt.u.v = 2\nend)",
     "u", "s.lua:4"},
    {"FileTableMetatable",
     "local t, m = {}, {}\nlockstep.scenario('x', function()\nsetmetatable(t, m)\nend)", "'t'",
     "s.lua:4"},
    {"ModuleTable",
     "local c = require 'config'\nlockstep.scenario('x', function()\nc.retries = 4\nend)", "",
     "s.lua:4"},
    {"Library", "lockstep.scenario('x', function()\nstring.upper = nil\nend)", "string", "s.lua:3"},
    {"Lockstep", "lockstep.scenario('x', function()\nlockstep.send = nil\nend)", "lockstep",
     "s.lua:3"},
    {"FileCoroutine",
     "local co = coroutine.create(function() coroutine.yield() end)\nlockstep.scenario('x', "
     "function()\ncoroutine.resume(co)\nend)",
     "coroutine", "s.lua:4"},
    {"FileCoroutineWrapped",
     "local next = coroutine.wrap(function() coroutine.yield() end)\nlockstep.scenario('x', "
     "function()\nnext()\nend)",
     "coroutine", "s.lua:4"},
    {"FileCoroutineClosed",
     "local co = coroutine.create(function() coroutine.yield() end)\nlockstep.scenario('x', "
     "function()\ncoroutine.close(co)\nend)",
     "coroutine", "s.lua:4"},
    {"FileClosureVariable",
     "local function make()\nlocal n = 0\nreturn function()\nn = n + 1\nend\nend\nlocal add = "
     "make()\nlockstep.scenario('x', function()\nadd()\nend)",
     "'n'", "s.lua:5"},
};

INSTANTIATE_TEST_SUITE_P(Vm, Misuse, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

// Put back before the end, so nobody tells; but states saved in between have it changed.
TEST(Isolation, SavedStatesHoldWhatIsPutBackBeforeTheEnd) {
  const auto program = vm::Program::from_sources({{"s.lua", R"(
    local lockstep = require 'lockstep'
    local n, list = 0, { 1 }
    lockstep.scenario('x', function()
      n, list[1] = 1, 2
      local counter, main = lockstep.atomics.new(1), lockstep.self()
      for _ = 1, 8 do lockstep.yield() end
      for i = 1, 3 do
        lockstep.spawn(function()
          for _ = 1, 3 do lockstep.atomics.add(counter, 1, i) lockstep.atomics.get(counter, 1) end
          lockstep.send(main, i)
        end)
      end
      for _ = 1, 3 do lockstep.recv() end
      assert(n == 1 and list[1] == 2, 'lost on the way')
      n, list[1] = 0, 1
    end))"}});
  for (const char* strategy : {"dfs", "dpor", "cache"}) {
    ExploreOptions options;
    options.strategy = strategy;
    options.iterations = 2000;
    const auto result = explore([&] { return vm::make_machine(program, "x", {}); }, options);
    EXPECT_GT(result.iterations, 100u) << strategy;
    EXPECT_FALSE(result.misuse) << strategy;
    EXPECT_TRUE(result.findings.empty()) << strategy;
  }
}

TEST(Isolation, ReadingFileLevelStateIsNoMisuse) {
  const auto clean = run(
      "local lockstep = require 'lockstep'\nlocal c = require 'config'\nlocal t, n = {1, 2}, 5\n"
      "lockstep.scenario('x', function()\nlocal sum = 0\nfor _, v in ipairs(t) do sum = sum + v "
      "end\nassert(c.retries == 3 and n == 5 and #t == 2 and sum == 3)\nend)");
  EXPECT_FALSE(clean.misuse) << clean.misuse->outcome.reason;
  EXPECT_TRUE(clean.findings.empty());
}

}  // namespace
}  // namespace lockstep
