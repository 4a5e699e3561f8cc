// What CI services are told: escapes, fingerprints, paths; the settings of a project file.
#include <gtest/gtest.h>

#include "cli/ci/baseline.h"
#include "cli/ci/ci_run.h"
#include "cli/settings/settings.h"

namespace lockstep::cli {
namespace {

struct Source {
  std::string name, text;
};

TEST(Fingerprint, IsOfTheLinesTextAndNotOfItsNumber) {
  const std::vector<Source> before = {{"a.lua", "one\n  error('x')  \n"}};
  const std::vector<Source> after = {{"a.lua", "zero\none\n\terror('x')\n"}};
  EXPECT_EQ(site_text(before, "a.lua:2"), "error('x')");
  EXPECT_EQ(site_text(after, "a.lua:3"), "error('x')");
  Outcome then, now;
  then.verdict = now.verdict = Verdict::assertion;
  then.site = "a.lua:2", now.site = "a.lua:3";
  const auto print = [](const Outcome& o, const std::vector<Source>& files) {
    return fingerprint("t/a.lua", "s", o, site_text(files, o.site));
  };
  EXPECT_EQ(print(then, before), print(now, after));
  EXPECT_NE(print(then, before), fingerprint("t/b.lua", "s", then, "error('x')"));
  EXPECT_NE(print(then, before), fingerprint("t/a.lua", "other", then, "error('x')"));
  EXPECT_NE(print(then, before), fingerprint("t/a.lua", "s", then, "error('y')"));
  now.verdict = Verdict::crash;
  EXPECT_NE(print(then, before), print(now, after));
}

TEST(Fingerprint, OfALineThatIsNotThereIsOfTheSite) {
  const std::vector<Source> files = {{"a.lua", "one\n"}};
  for (const char* site : {"", "a.lua", "a.lua:9", "b.lua:1", "a.lua:99999999999999999999"})
    EXPECT_EQ(site_text(files, site), "") << site;
  Outcome o;
  o.verdict = Verdict::deadlock;
  EXPECT_EQ(fingerprint("a", "s", o, "").size(), 16u);
}

TEST(FromRoot, IsRelativeBelowTheRootAndAbsoluteElsewhere) {
  EXPECT_EQ(from_root("/nowhere/root", "/nowhere/root/a/b.lua"), "a/b.lua");
  EXPECT_EQ(from_root("/nowhere/root", "/nowhere/root/a/../b.lua"), "b.lua");
  EXPECT_EQ(from_root("/nowhere/root", "/nowhere/rooter/b.lua"), "/nowhere/rooter/b.lua");
}

TEST(Baseline, IsWrittenInAnOrderThatDoesNotDependOnWhoCameFirst) {
  const BaselineEntry a{"0000000000000001", "a.lua", "s", "crash"};
  const BaselineEntry b{"0000000000000000", "b.lua", "s", "crash"};
  Baseline one, other;
  one.add(a), one.add(b), other.add(b), other.add(a), other.add(a);
  EXPECT_EQ(one.text(), other.text());
  EXPECT_LT(one.text().find("a.lua"), one.text().find("b.lua"));
}

// A time at one layer wins over a number of executions at the layers below, and over none above.
TEST(ResolveSettings, TheProjectFileLiesUnderAScenario) {
  vm::ScenarioInfo s;
  EXPECT_EQ(resolve_settings(s, {}, {{"iterations", "7"}}).iterations, 7u);
  EXPECT_EQ(resolve_settings(s, {{"time", "5s"}}, {{"iterations", "7"}}).iterations, 0u);
  EXPECT_EQ(resolve_settings(s, {{"iterations", "9"}}, {{"iterations", "7"}}).iterations, 9u);
  s.options = {{"time", "5s"}, {"seed", "3"}};
  EXPECT_EQ(resolve_settings(s, {}, {{"iterations", "7"}}).iterations, 0u);
  EXPECT_EQ(resolve_settings(s, {}, {{"seed", "4"}}).seed, 3u);
  EXPECT_EQ(resolve_settings(s, {{"seed", "5"}}, {{"seed", "4"}}).seed, 5u);
  s.options = {{"iterations", "8"}};
  EXPECT_EQ(resolve_settings(s, {}, {{"time", "5s"}}).iterations, 8u);
}

}  // namespace
}  // namespace lockstep::cli
