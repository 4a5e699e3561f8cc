// Writes to what processes would share unseen are misuse, and name the variable, the file and the
// line. That copies are copies is shown in tests/lua/isolation.lua.
#include <gtest/gtest.h>

#include "engine/explore/explorer.h"
#include "vm/system/program.h"

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
    {"Environment",
     "local f do local _ENV = { n = 0 } f = function() n = n + 1 end end\nlockstep.scenario('x', "
     "function()\nf()\nend)",
     "table '_ENV'", "s.lua:2"},
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
     "'co' (s.lua), a coroutine", "s.lua:4"},
    {"FileCoroutineWrapped",
     "local next = coroutine.wrap(function() coroutine.yield() end)\nlockstep.scenario('x', "
     "function()\nnext()\nend)",
     "'next' (s.lua), a coroutine", "s.lua:4"},
    {"FileCoroutineClosed",
     "local co = coroutine.create(function() coroutine.yield() end)\nlockstep.scenario('x', "
     "function()\ncoroutine.close(co)\nend)",
     "'co' (s.lua), a coroutine", "s.lua:4"},
    {"FileClosureVariable",
     "local function make()\nlocal n = 0\nreturn function()\nn = n + 1\nend\nend\nlocal add = "
     "make()\nlockstep.scenario('x', function()\nadd()\nend)",
     "'n'", "s.lua:5"},
    {"SameValue", "local n = 0\nlockstep.scenario('x', function()\nlocal m = 1\nn = 0\nend)", "'n'",
     "s.lua:5"},
    {"AfterManyReads",
     "local n = 0\nlockstep.scenario('x', function()\nlocal s = n + n\nif s == 0 then\ns = n * 2\n"
     "n = s\nend\nend)",
     "'n'", "s.lua:7"},
    {"Deep",
     "local t = {}\nfor _ = 1, 20000 do t = { next = t } end\nlockstep.scenario('x', function()\n"
     "local l = t\nwhile l.next do l = l.next end\nl.v = 1\nend)",
     "t.next.next", "s.lua:7"},
    {"FullTable",
     "local t = { a = 1, b = 2, c = 3, d = 4 }\nlockstep.scenario('x', function()\n"
     "for i = 1, 9 do rawset(t, 'k' .. i, 1) end\nend)",
     "'t'", "s.lua:4"},
    {"FullArray",
     "local t = { 1, 2, 3, 4 }\nlockstep.scenario('x', function()\ntable.insert(t, 5)\nend)", "'t'",
     "s.lua:4"},
    {"Removed", "local t = { 1, 2 }\nlockstep.scenario('x', function()\ntable.remove(t)\nend)",
     "'t'", "s.lua:4"},
    {"Sorted", "local t = { 2, 1 }\nlockstep.scenario('x', function()\ntable.sort(t)\nend)", "'t'",
     "s.lua:4"},
    {"Moved",
     "local t = {}\nlockstep.scenario('x', function()\ntable.move({ 1, 2 }, 1, 2, 1, t)\nend)",
     "'t'", "s.lua:4"},
    {"Emptied",
     "local t = { a = 1 }\nlockstep.scenario('x', function()\nfor k in pairs(t) do\nt[k] = nil\n"
     "end\nend)",
     "'t'", "s.lua:5"},
    {"OfALibrary", "lockstep.scenario('x', function()\ntable.x = 1\nend)", "'table'", "s.lua:3"},
    {"OldGlobal", "lockstep.scenario('x', function()\nprint = nil\nend)", "_G", "s.lua:3"},
    {"MetatablesField",
     "local m = { __index = {} }\nlocal t = setmetatable({}, m)\nlockstep.scenario('x', "
     "function()\n"
     "m.__index = nil\nend)",
     "'m'", "s.lua:5"},
    {"MetatablePutBack",
     "local t = {}\nlockstep.scenario('x', function()\nsetmetatable(t, {})\nsetmetatable(t, nil)\n"
     "end)",
     "'t'", "s.lua:4"},
    {"InsidePcallAndCoroutine",
     "local n = 0\nlockstep.scenario('x', function()\npcall(coroutine.wrap(function()\nn = "
     "1\nend))\nend)",
     "'n'", "s.lua:5"},
    {"InAMatcher",
     "local n = 0\nlockstep.scenario('x', function()\nlocal me = lockstep.self()\n"
     "lockstep.spawn(function() lockstep.send(me, 1) end)\nlockstep.recv_first(function()\nn = "
     "1\nreturn true\nend)\nend)",
     "'n'", "s.lua:7"},
    {"InAPredicate",
     "local n = 0\nlockstep.scenario('x', function()\nlockstep.invariant('i', function()\nn = "
     "1\nreturn true\nend)\nlockstep.yield()\nend)",
     "'n'", "s.lua:5"},
    {"ByAFunctionThatWasSent",
     "local n = 0\nlockstep.scenario('x', function()\nlocal p = lockstep.spawn(function() "
     "lockstep.recv()() end)\nlockstep.send(p, function()\nn = n + "
     "1\nend)\nlockstep.sleep(1)\nend)",
     "'n'", "s.lua:6"},
    {"VariableOfASuspendedCoroutine",
     "local add\nlocal co = coroutine.wrap(function()\nlocal n = 0\nadd = function()\nn = n + 1\n"
     "end\ncoroutine.yield()\nend)\nco()\nlockstep.scenario('x', function()\nadd()\nend)",
     "'n'", "s.lua:6"},
    {"Iterator",
     "local it = string.gmatch('1 2', '%d')\nlockstep.scenario('x', function()\nit()\nend)",
     "'it' (s.lua), an iterator", "s.lua:4"},
    {"IteratorInATable",
     "local t = { it = ('1 2'):gmatch('%d') }\nlockstep.scenario('x', function()\nfor d in t.it "
     "do\nend\nend)",
     "'t.it', an iterator", "s.lua:4"},
    {"IteratorMadeWithAnotherName",
     "local g = string.gmatch\nstring.gmatch = nil\nlocal it = g('1 2', '%d')\n"
     "lockstep.scenario('x', function()\nit()\nend)",
     "'it' (s.lua), an iterator", "s.lua:6"},
};

INSTANTIATE_TEST_SUITE_P(Vm, Misuse, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

// Whoever looks between two steps must not see it, however it is looked for.
TEST(Isolation, WhatIsPutBackBeforeTheEndIsMisuseToo) {
  for (const char* change : {"n = 1", "list[1] = 2", "list.x = 3", "string.rep = nil"}) {
    const auto program = vm::Program::from_sources({{"s.lua", std::string(R"(
    local lockstep = require 'lockstep'
    local n, list, rep = 0, { 1 }, string.rep
    lockstep.scenario('x', function()
      local counter = lockstep.atomics.new(1)
      for i = 1, 3 do
        lockstep.spawn(function()
          for _ = 1, 3 do lockstep.atomics.add(counter, 1, i) lockstep.atomics.get(counter, 1) end
        end)
      end
      for _ = 1, 4 do lockstep.yield() end
)") + change + R"(
      lockstep.yield()
      n, list[1], list.x, string.rep = 0, 1, nil, rep
    end))"}});
    for (const char* strategy : {"random", "dfs", "dpor", "cache"}) {
      ExploreOptions options;
      options.strategy = strategy;
      options.iterations = 200;
      const auto result = explore([&] { return vm::make_machine(program, "x", {}); }, options);
      ASSERT_TRUE(result.misuse) << strategy << " " << change;
      EXPECT_EQ(result.misuse->outcome.site, "s.lua:12") << strategy << " " << change;
      EXPECT_TRUE(result.misuse->deterministic) << strategy << " " << change;
    }
  }
}

// What a process makes for itself is its own, also if a file-level function makes it.
TEST(Isolation, WhatProcessesMakeIsTheirOwn) {
  const auto clean =
      run("local lockstep = require 'lockstep'\n"
          "local meta = {}\nmeta.__index = meta\n"
          "local function make() local n, it = 0, string.gmatch('1 2', '%d') return function() n = "
          "n + 1 "
          "return n, it() end end\n"
          "lockstep.scenario('x', function()\n"
          "local next = make()\nnext()\nlocal n, d = next()\nassert(n == 2 and d == '2')\n"
          "local t = setmetatable({}, meta)\nt.x = 1\nassert(t.x == 1)\n"
          "for i = 1, 3000 do local junk = setmetatable({ i, tostring(i) }, meta) end\n"
          "lockstep.spawn(function() n = 7 t.x = 2 end)\nlockstep.sleep(1)\n"
          "assert(n == 2 and t.x == 1)\nend)");
  EXPECT_FALSE(clean.misuse) << clean.misuse->outcome.reason;
  EXPECT_TRUE(clean.findings.empty()) << clean.findings[0].outcome.reason;
}

// The collector goes through the image, and leaves it as it is.
TEST(Isolation, CollectingGarbageIsNoMisuse) {
  const auto clean = run(
      "local lockstep = require 'lockstep'\nlocal t = { list = {} }\n"
      "for i = 1, 200 do t['k' .. i] = { i } t.list[i] = tostring(i) end\n"
      "for i = 1, 200, 2 do t['k' .. i] = nil end\n"
      "local co = coroutine.create(function() local n = 1 t.f = function() return n end "
      "coroutine.yield() end)\ncoroutine.resume(co)\nco = nil\n"
      "lockstep.scenario('x', function()\nfor r = 1, 300000 do local junk = { r, tostring(r) } "
      "end\nassert(t.k2[1] == 2 and t.k3 == nil and t.list[200] == '200' and t.f() == 1)\nend)");
  EXPECT_FALSE(clean.misuse) << clean.misuse->outcome.reason;
  EXPECT_TRUE(clean.findings.empty()) << clean.findings[0].outcome.reason;
}

// Not by any order of calls.
TEST(Isolation, NothingShowsWhenGarbageIsCollected) {
  const auto clean =
      run("local lockstep = require 'lockstep'\n"
          "local meta = {}\nlocal kept = setmetatable({ v = 1 }, meta)\n"
          "meta.__gc = function() while true do end end\nrawset(meta, '__mode', 'kv')\n"
          "lockstep.scenario('x', function()\n"
          "local own = {}\nlocal t, u = setmetatable({}, own), setmetatable({}, setmetatable({}, "
          "own))\n"
          "own.__mode = 'kv'\nrawset(own, '__gc', function() error('finalized') end)\n"
          "t[1], u[1] = {}, {}\nt[{}] = 1\n"
          "for r = 1, 300000 do local junk = { r, tostring(r) } end\n"
          "assert(t[1] and u[1] and kept.v)\nt = nil\n"
          "for r = 1, 300000 do local junk = { r, tostring(r) } end\nend)");
  EXPECT_FALSE(clean.misuse) << clean.misuse->outcome.reason;
  EXPECT_TRUE(clean.findings.empty()) << clean.findings[0].outcome.reason;
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
