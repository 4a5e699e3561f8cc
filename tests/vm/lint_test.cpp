// What the lint reports, and above all what it does not.
#include "vm/lint/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/base/error.h"
#include "vm/loading/library.h"
#include "vm/syntax/lua_syntax.h"

namespace lockstep::vm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "line rule" for each finding.
std::vector<std::string> said(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& f : lint("s.lua", text)) out.push_back(std::to_string(f.line) + " " + f.rule);
  return out;
}
// `body` as a scenario's body; its first line is line 2.
std::vector<std::string> said_of_body(const std::string& body, const std::string& options = "") {
  return said("local lockstep = require 'lockstep' lockstep.scenario('s', " + options +
              "function()\n" + body + "\nend)");
}

TEST(LintCaptured, AWriteInOneProcessIsNotSeenByAnother) {
  EXPECT_THAT(said_of_body("local n = 0\n"
                           "lockstep.spawn(function() n = n + 1 end)\n"
                           "assert(n == 1)"),
              ElementsAre("3 captured-write"));
  EXPECT_THAT(said_of_body("local t = {}\n"
                           "local function add(x) t[#t + 1] = x end\n"
                           "lockstep.spawn(function() add(1) end)\n"
                           "assert(#t == 1)"),
              ElementsAre("3 captured-write"));
  EXPECT_THAT(said_of_body("local t = {}\n"
                           "lockstep.spawn(function() table.insert(t, 1) end)\n"
                           "lockstep.recv()\n"
                           "return t"),
              ElementsAre("3 captured-write"));
}

TEST(LintCaptured, TwoProcessesHaveTwoCopies) {
  EXPECT_THAT(said_of_body("local n = 0\n"
                           "local function bump() n = n + 1 end\n"
                           "lockstep.spawn(bump)\n"
                           "lockstep.spawn(bump)"),
              ElementsAre("3 captured-write"));
  EXPECT_THAT(said_of_body("local n = 0\n"
                           "for _ = 1, 2 do lockstep.spawn_link(function() n = n + 1 end) end"),
              ElementsAre("3 captured-write"));
}

TEST(LintCaptured, AWriteAfterTheSpawnIsNotSeenByTheProcess) {
  EXPECT_THAT(said_of_body("local stop = false\n"
                           "lockstep.spawn(function() while not stop do lockstep.yield() end end)\n"
                           "stop = true"),
              ElementsAre("4 captured-write"));
  EXPECT_THAT(said_of_body("local p, q\n"
                           "p = lockstep.spawn(function() lockstep.send(q, 1) end)\n"
                           "q = lockstep.spawn(function() end)"),
              ElementsAre("4 captured-write"));
}

TEST(LintCaptured, OtherWaysToStartAProcess) {
  const std::string tail = "\nlockstep.recv() return n";
  for (const char* start :
       {"lockstep.task.async(function() n = 1 end)",
        "lockstep.cluster.spawn('a', function() n = 1 end)",
        "lockstep.agent.update(a, function() n = 1 end)",
        "local go = lockstep.spawn go(function() n = 1 end)",
        "lockstep.gen_server.start({ init = function() n = 1 end })",
        "local m = {} function m.init() n = 1 end lockstep.gen_server.start_link(m)",
        "local m = { init = function() n = 1 end }"
        "lockstep.supervisor.start_link({ { id = 1, start = { m, 'start', {} } } })"})
    EXPECT_THAT(said_of_body("local n, a = 0\n" + std::string(start) + tail),
                ElementsAre("3 captured-write"))
        << start;
}

TEST(LintCaptured, SilentWhereEachProcessUsesOnlyItsOwn) {
  for (const char* body :
       {// A server's state that happens to be captured.
        "local n = 0 lockstep.spawn(function() while true do n = n + lockstep.recv() end end)",
        // Written before the process starts.
        "local n = 0 n = 1 lockstep.spawn(function() return n end)",
        // Each turn of a loop hands on the value of then.
        "local n = 0 while n < 3 do lockstep.spawn(function() return n end) n = n + 1 end",
        "for i = 1, 3 do local n = i lockstep.spawn(function() n = n + 1 return n end) end",
        // Parameters and locals of the process itself.
        "lockstep.spawn(function(n) n = n + 1 local function f() n = n + 1 end f() return n end, "
        "1)",
        // The same helper in two processes: its locals are made anew by each call.
        "local function f() local n = 0 local function g() n = n + 1 end g() return n end "
        "lockstep.spawn(f) lockstep.spawn(f) f()",
        // Runs where it is called.
        "local n = 0 pcall(function() n = n + 1 end) return n",
        "local n = 0 lockstep.recv_first(function(m) n = m return true end) return n",
        // Only reads.
        "local me = lockstep.self() lockstep.spawn(function() lockstep.send(me, 1) end) return me",
        // Read only before the process starts.
        "local n = 0 assert(n == 0) lockstep.spawn(function() n = 1 return n end)"})
    EXPECT_THAT(said_of_body(body), IsEmpty()) << body;
}

TEST(LintFileLevel, StateOfTheFileStaysAsItWasLoaded) {
  const std::string head = "local lockstep = require 'lockstep'\nlocal n, t = 0, { x = {} }\n";
  const auto body = [&](const std::string& b) {
    return said(head + "lockstep.scenario('s', function()\n" + b + "\nend)");
  };
  EXPECT_THAT(body("n = 1"), ElementsAre("4 file-level-write"));
  EXPECT_THAT(body("t.x.y = 1"), ElementsAre("4 file-level-write"));
  EXPECT_THAT(body("local x = t.x\nx.y = 1"), ElementsAre("5 file-level-write"));
  EXPECT_THAT(body("table.sort(t)"), ElementsAre("4 file-level-write"));
  EXPECT_THAT(body("local n, t = 1, {} n = 2 t.x = 1"), IsEmpty());
  EXPECT_THAT(said(head + "local function f() n = n + 1 end\nlockstep.scenario('s', f)"),
              ElementsAre("3 file-level-write"));
  EXPECT_THAT(said(head + "local M = {}\nfunction M.f() M.count = 1 end\nreturn M"),
              ElementsAre("4 file-level-write"));
}

TEST(LintFileLevel, AWalkAlongATableOfTheFileIsStillThatTable) {
  const std::string head =
      "local lockstep = require 'lockstep'\nlocal list for i = 1, 9 do list = { next = list } "
      "end\n";
  const auto body = [&](const std::string& b) {
    return said(head + "lockstep.scenario('s', function()\n" + b + "\nend)");
  };
  EXPECT_THAT(body("local l = list while l.next do l = l.next end\nl.v = 1"),
              ElementsAre("5 file-level-write"));
  EXPECT_THAT(body("local l l = list.next\nlocal m = (l.next).next\nm.v = 1"),
              ElementsAre("6 file-level-write"));
  EXPECT_THAT(body("for _, x in ipairs(list) do\nx.v = 1 end"), ElementsAre("5 file-level-write"));
  EXPECT_THAT(body("for _, x in pairs(list.next) do for _, y in ipairs(x) do\ny.v = 1 end end"),
              ElementsAre("5 file-level-write"));
  for (const char* own : {
           "local l = list l = { v = 2 } l.v = 1",  // may be the other one
           "local l = { next = list } while l do l = l.next end l.v = 1",
           "local function f(l) l.v = 1 end f({})",
           "for k, x in next, list do x.v = 1 end",  // whatever next is
           "for k, x in pairs({ {} }) do x.v = 1 end",
           "local l = list() l.v = 1",
           "local l l, l = list, {} l.v = 1",
       })
    EXPECT_THAT(body(own), IsEmpty()) << own;
}

TEST(LintFileLevel, IteratorsAndCoroutinesOfTheFileKeepWhereTheyAre) {
  const auto of = [&](const std::string& made, const std::string& b) {
    return said("local lockstep = require 'lockstep'\n" + made +
                "\nlockstep.scenario('s', function()\n" + b + "\nend)");
  };
  for (const char* made :
       {"local it = string.gmatch('1 2', '%d')", "local it = ('1 2'):gmatch('%d')",
        "local it it = coroutine.wrap(function() end)",
        "local gmatch = string.gmatch local it = gmatch('1 2', '%d')"})
    for (const char* use : {"it()", "for x in it do print(x) end", "pcall(it)",
                            "lockstep.spawn(function() it() end)"})
      EXPECT_THAT(of(made, use), ElementsAre("4 file-level-iterator")) << made << " " << use;
  EXPECT_THAT(of("local co = coroutine.create(function() end)", "coroutine.resume(co)"),
              ElementsAre("4 file-level-iterator"));
  EXPECT_THAT(of("local it = string.gmatch('1 2', '%d') it()", ""), IsEmpty());
  EXPECT_THAT(of("", "local it = string.gmatch('1 2', '%d') it()"), IsEmpty());
  EXPECT_THAT(of("local first = string.match('1 2', '%d')", "print(first)"), IsEmpty());
}

TEST(LintFileLevel, LoadingMayWrite) {
  EXPECT_THAT(said("local list = {}\n"
                   "local function define(x) list[#list + 1] = x end\n"
                   "define(1) define(2)\n"
                   "local later\n"
                   "function later() return list end\n"
                   "x = 1 function global() return x end"),
              IsEmpty());
}

TEST(LintGlobals, AreReadOnlyOnceAScenarioRuns) {
  EXPECT_THAT(said_of_body("total = 1"), ElementsAre("2 global-write"));
  EXPECT_THAT(said_of_body("function helper() end"), ElementsAre("2 global-write"));
  EXPECT_THAT(said_of_body("string.trim = 1"), ElementsAre("2 global-write"));
  EXPECT_THAT(said_of_body("lockstep.spawn(function()\ntotal = 1 end)"),
              ElementsAre("3 global-write"));
}

TEST(LintSandbox, NamesThatScenariosDoNotHave) {
  EXPECT_THAT(
      said("local t = os.time()\nlocal f = io.open\ndebug.traceback()\nlocal d = string.dump\n"
           "math.randomseed(1)\ncollectgarbage()\nprimt(1)"),
      ElementsAre("1 outside-sandbox", "2 outside-sandbox", "3 outside-sandbox",
                  "4 outside-sandbox", "5 outside-sandbox", "6 outside-sandbox",
                  "7 outside-sandbox"));
  EXPECT_THAT(said("setmetatable({}, { __gc = print })"), ElementsAre("1 outside-sandbox"));
  EXPECT_THAT(said("print(string.format('%d', math.random(2)), utf8.char(33), _VERSION, _G, _ENV)"),
              IsEmpty());
  // A module beside the file may define it.
  EXPECT_THAT(said("require 'helpers'\nprimt(1)\nos.exit()"), ElementsAre("3 outside-sandbox"));
  EXPECT_THAT(said_of_body("local m = require 'm'"), ElementsAre("2 late-require"));
}

std::vector<std::string> messages(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& f : lint("s.lua", text)) out.push_back(f.message + " [" + f.hint + "]");
  return out;
}

TEST(LintLibrary, AMisspeltFieldIsFoundWithTheNearestName) {
  const std::string head = "local lockstep = require 'lockstep'\n";
  EXPECT_THAT(messages(head + "lockstep.spwan(1)"),
              ElementsAre(HasSubstr("no 'lockstep.spwan': did you mean lockstep.spawn?")));
  EXPECT_THAT(messages(head + "local f = lockstep.quicksort"),
              ElementsAre(HasSubstr("no 'lockstep.quicksort' [")));
  // Each module of the library, by each way to its name: a letter left out of its longest name.
  int modules = 0;
  for (const auto& [module, names] : library_names()) {
    if (module.empty() || is_inner_module(module)) continue;
    modules++;
    std::string longest;
    for (const auto& name : names)
      if (name.size() > longest.size()) longest = name;
    std::string word = longest;
    word.erase(1, 1);
    ASSERT_FALSE(names.count(word)) << module << " " << word;
    const std::string near = "no 'lockstep." + module + "." + word + "': did you mean lockstep." +
                             module + "." + longest + "?";
    EXPECT_THAT(messages("local m = require 'lockstep." + module + "'\nm." + word + "()"),
                ElementsAre(HasSubstr(near)));
    EXPECT_THAT(messages(head + "lockstep." + module + "." + word + "()"),
                ElementsAre(HasSubstr(near)));
    EXPECT_THAT(messages(head + "local m = lockstep." + module + "\nm." + word + "()"),
                ElementsAre(HasSubstr(near)));
  }
  EXPECT_GE(modules, 20);
}

TEST(LintLibrary, SilentWhereTheFieldIsThereOrMayBe) {
  EXPECT_THAT(said("local lockstep = require 'lockstep'\n"
                   "lockstep.gen_server.call(lockstep.self(), lockstep.any)\n"
                   "function lockstep.helper() end\nlockstep.helper()\n"
                   "local other = require 'other'\nother.spwan()\n"
                   "local t = {}\nt.spwan()"),
              IsEmpty());
}

TEST(LintSandbox, ProposesTheNearestName) {
  EXPECT_THAT(
      messages("return string.uper, primt"),
      ElementsAre(HasSubstr("[did you mean string.upper?]"), HasSubstr("[did you mean print?]")));
}

TEST(LintRules, ALineMayAllowWhatItDoes) {
  EXPECT_THAT(said("os.exit() -- lint: allow outside-sandbox"), IsEmpty());
  EXPECT_THAT(said("os.exit() -- lint: allow global-write, as above"),
              ElementsAre("1 outside-sandbox"));
  EXPECT_THAT(said("os.exit() -- lint: allow global-write outside-sandbox\nos.exit()"),
              ElementsAre("2 outside-sandbox"));
}

TEST(LintCrashes, SomebodyMustSeeThemIfTheyAreAllowed) {
  const char* allow = "{ crashes = 'allow' }, ";
  EXPECT_THAT(said_of_body("lockstep.spawn(function() error('x') end)", allow),
              ElementsAre("2 unseen-crash"));
  EXPECT_THAT(said_of_body("local p = lockstep.spawn(function() end)\nlockstep.send(p, 1)", allow),
              ElementsAre("2 unseen-crash"));
  for (const char* body :
       {"lockstep.spawn_link(function() end)",
        "local p = lockstep.spawn(function() end) lockstep.monitor(p)",
        "local me = lockstep.self() lockstep.spawn(function() lockstep.link(me) end)"})
    EXPECT_THAT(said_of_body(body, allow), IsEmpty()) << body;
  EXPECT_THAT(said_of_body("lockstep.spawn(function() error('x') end)"), IsEmpty());
}

TEST(LintSyntax, WhatIsNotLuaIsRefusedWithItsLine) {
  for (const char* text :
       {"local = 1", "x = 'a", "for i = 1 do end", "x = \"\\q\"", "--[[ ", "a.b"})
    try {
      lint("s.lua", std::string("\n") + text);
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ExitCode::scenario);
      EXPECT_THAT(e.what(), HasSubstr("s.lua:2:")) << text;
    }
}

TEST(LintSyntax, AllOfTheGrammarIsRead) {
  EXPECT_NO_THROW(syntax::parse(
      "#!/usr/bin/lua\n"
      "local a <const>, b <close> = 0x1p-3, nil; ::top:: goto top\n"
      "local s = [==[\n]]]==] .. 'a\\z\n  b\\u{48}\\x41\\065\\\n' .. \"\"\n"
      "for k, v in pairs{1, [2] = 3; x = 4,} do if k then break elseif v then else end end\n"
      "for i = 1, 2, .5 do repeat local z = i until z or not z end while nil do end do end\n"
      "function a.b.c:d(x, ...) return (...), -x ^ 2 // 1 << 3 ~ ~4, #a['x'].y:z'q'{}(1), 3..2 "
      "end\n"
      "local function f(...) return end ; (f or a)(1).x = 1; f{} f'' f:g()\n"
      "return 1 < 2 == true, a ~= b, 1e+5, 3.;"));
}

TEST(LintSyntax, DepthIsBounded) {
  std::string chain = "local a = 1 return a";
  for (int i = 0; i < 200000; i++) chain += "+a";
  EXPECT_THROW(lint("s.lua", chain), Error);
  std::string fields = "local a = {} return a";
  for (int i = 0; i < 200000; i++) fields += ".a";
  EXPECT_THROW(lint("s.lua", fields), Error);
}

// The repaired scenarios and our own Lua do nothing that they must not.
TEST(Lint, FindsNothingInWhatIsRight) {
  const std::filesystem::path root = LOCKSTEP_SOURCE_DIR;
  int files = 0;
  for (const char* folder : {"scenarios/tour", "scenarios/bugs", "scenarios/fixed", "lua"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() != ".lua") continue;
      std::stringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      for (const auto& f : lint(entry.path().filename(), text.str()))
        ADD_FAILURE() << f.file << ":" << f.line << ": " << f.message;
      files++;
    }
  EXPECT_GT(files, 20);
}

}  // namespace
}  // namespace lockstep::vm
