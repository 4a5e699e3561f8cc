// Reports against golden text. LOCKSTEP_UPDATE_GOLDEN=1 rewrites the files; read the difference
// before committing it.
#include "cli/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/fold/schedule_view.h"
#include "cli/terminal/console.h"

namespace lockstep::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void expect_golden(const std::string& name, const std::string& text) {
  const auto path = std::string(LOCKSTEP_SOURCE_DIR "/tests/cli/golden/") + name;
  if (std::getenv("LOCKSTEP_UPDATE_GOLDEN")) std::ofstream(path) << text;
  std::ostringstream golden;
  golden << std::ifstream(path).rdbuf();
  EXPECT_EQ(text, golden.str()) << "see " << path;
}

Event event(uint32_t step, uint32_t process, OpKind op, const char* what, const char* target,
            const char* args, const char* result, std::vector<uint32_t> causes = {}) {
  static const char* const kNames[] = {"P0(root)", "P1(increment)", "P2(increment)"};
  Event e;
  e.step = step;
  e.op = op;
  e.actor = e.process = process;
  e.who = kNames[process];
  e.what = what;
  e.target = target;
  e.args = args;
  e.result = result;
  e.causes = std::move(causes);
  e.alternatives = 2;
  return e;
}

Event ets(uint32_t step, uint32_t process, Access access, const char* what, const char* args,
          const char* result, const char* site, std::vector<uint32_t> causes = {}) {
  auto e = event(step, process, OpKind::ets, what, "counter", args, result, std::move(causes));
  e.site = site;
  e.footprint = {{make_object(ObjectClass::ets, 1, 1), access}};
  return e;
}

// The bug of scenarios/tour/lost_update.lua, by hand.
Trace lost_update() {
  Trace t;
  t.tool_version = "0.1.0";
  t.files = {{"lost_update.lua",
              "local function increment(parent)\n"
              "  local n = ets.lookup_element(counter, \"n\", 2)\n"
              "  ets.insert(counter, { \"n\", n + 1 })\n"
              "  lockstep.send(parent, \"done\")\n"
              "end\n"
              "assert(n == 2, \"expected 2, got \" .. n)\n"}};
  t.scenario = "lost update";
  t.strategy = "pos";
  t.iteration = 3;
  t.options = {{"delivery", "instant"}, {"max_steps", "10000"}};
  t.outcome.verdict = Verdict::assertion;
  t.outcome.reason = "expected 2, got 1";
  t.outcome.site = "lost_update.lua:6";
  t.outcome.process = "P0(root)";
  t.events = {
      event(1, 0, OpKind::spawn, "spawn", "P1(increment)", "", ""),
      event(2, 0, OpKind::spawn, "spawn", "P2(increment)", "", ""),
      ets(3, 1, Access::read, "ets.lookup_element", "\"n\", 2", "0", "lost_update.lua:2", {1}),
      ets(4, 2, Access::read, "ets.lookup_element", "\"n\", 2", "0", "lost_update.lua:2", {2}),
      ets(5, 2, Access::write, "ets.insert", "{\"n\", 1}", "true", "lost_update.lua:3"),
      ets(6, 1, Access::write, "ets.insert", "{\"n\", 1}", "true", "lost_update.lua:3"),
      event(7, 1, OpKind::send, "send", "P0(root)", "\"done\"", ""),
      event(8, 2, OpKind::send, "send", "P0(root)", "\"done\"", ""),
      event(9, 0, OpKind::receive, "recv", "", "", "\"done\"", {7}),
      event(10, 0, OpKind::receive, "recv", "", "", "\"done\"", {8}),
      ets(11, 0, Access::read, "ets.lookup_element", "\"n\", 2", "1", "lost_update.lua:6")};
  t.events[4].change = "counter.n: 0 -> 1";
  t.events[5].change = "counter.n: 1 -> 1";
  for (const auto& e : t.events)
    t.decisions.push_back(Decision::make(e.actor, AltKind::step, static_cast<uint32_t>(e.op)));
  return t;
}

FailureReport found() {
  FailureReport f;
  f.trace = lost_update();
  f.iteration = 3;
  f.path = "traces/lost_update-iter3-seed1.lockstep";
  return f;
}

ScenarioReport clean() {
  ScenarioReport s{"fixed.lua", "fixed", {}, {}, false, false, {}, 0};
  s.settings.strategy = "pos";
  s.result.iterations = 10000;
  s.result.steps = 123456;
  s.result.seconds = 2;
  s.result.classes = 90;
  s.result.classes_once = 10;
  s.result.classes_sampled = 1000;
  return s;
}

const ReportOptions kPlain{};

TEST(TextReport, FailureKeepsThePublishedFieldsInTheirOrder) {
  expect_golden("failure.txt", make_text_reporter(kPlain)->failure(found()));
}

TEST(TextReport, ShrunkFailureShowsTheSmallSchedule) {
  auto f = found();
  f.small = f.trace;
  f.small_path = "traces/lost_update-iter3-seed1.shrunk.lockstep";
  f.shrink =
      ShrinkReport{{38, 9, 12, 7, 3, 0}, {11, 2, 5, 1, 3, 0}, 24, 0.01, true, true, false, false};
  f.trace.events.clear();
  f.why.emplace().sentence = "step 3 comes before step 5; the other way round it passes";
  expect_golden("shrunk.txt", make_text_reporter(kPlain)->failure(f));
}

TEST(TextReport, CleanRunSaysWhatItDoesNotProve) {
  expect_golden("clean.txt", make_text_reporter(kPlain)->scenario(clean()));
}

TEST(TextReport, ExhaustedSpaceIsAProofUnlessABoundWasHit) {
  auto s = clean();
  s.settings.strategy = "dfs";
  const auto unfinished = make_text_reporter(kPlain)->scenario(s);
  EXPECT_THAT(unfinished, HasSubstr("the search did not end"));
  s.result.exhausted = true;
  s.result.stop = StopReason::exhausted;
  const auto reporter = make_text_reporter(kPlain);
  EXPECT_THAT(reporter->scenario(s), HasSubstr("Every schedule was executed: none fails"));
  EXPECT_THAT(reporter->scenario(s), Not(HasSubstr("not a proof")));
  s.result.bound_hit = 3;
  EXPECT_THAT(reporter->scenario(s), HasSubstr("this is not a proof"));
}

TEST(TextReport, NoBudgetOfMoreThanADayIsAdvised) {
  auto s = clean();
  s.settings.strategy = "dpor";
  s.proof = Proof::incomplete;
  s.result.stop = StopReason::time;
  s.settings.seconds = s.seconds = s.result.seconds = 60;
  s.result.share = 0.5;
  EXPECT_THAT(make_text_reporter(kPlain)->scenario(s), HasSubstr("--time 144s"));
  s.result.share = 1e-4;
  const auto far = make_text_reporter(kPlain)->scenario(s);
  EXPECT_THAT(far, Not(HasSubstr("try:         --time")));
  EXPECT_THAT(far, HasSubstr("--strategy cache"));
}

TEST(TextReport, MissedExpectationIsAFailureEvenWhenQuiet) {
  auto s = clean();
  const auto quiet = make_text_reporter({Style{}, true, true});
  EXPECT_EQ(quiet->scenario(s), "");
  s.missed = true;
  s.settings.expect = "deadlock";
  EXPECT_THAT(quiet->scenario(s), HasSubstr("expected to fail (deadlock), but did not"));
}

TEST(TextReport, NarrowTerminalsGetNoColumns) {
  EXPECT_THAT(make_text_reporter({Style{false, 40}, true, false})->failure(found()),
              Not(HasSubstr("Side by side")));
}

TEST(TextReport, ColourChangesNothingButColour) {
  auto text = make_text_reporter({Style{true}, true, false})->failure(found());
  EXPECT_THAT(text, HasSubstr("\x1b["));
  for (size_t at; (at = text.find("\x1b[")) != std::string::npos;)
    text.erase(at, text.find('m', at) + 1 - at);
  EXPECT_EQ(text, make_text_reporter(kPlain)->failure(found()));
}

TEST(NdjsonReport, HoldsEveryFigureOfTheText) {
  auto f = found();
  f.trace.seed = UINT64_MAX;
  f.shrink =
      ShrinkReport{{38, 9, 12, 7, 3, 0}, {11, 2, 5, 1, 3, 0}, 24, 0.01, true, true, false, false};
  const auto json = nlohmann::json::parse(make_ndjson_reporter(kPlain)->failure(f));
  EXPECT_EQ(json["type"], "failure");
  EXPECT_EQ(json["iteration"], 3);
  EXPECT_EQ(json["seed"], "18446744073709551615") << "a double cannot hold it";
  EXPECT_EQ(json["signature"], "assertion at lost_update.lua:6");
  EXPECT_EQ(json["shrink"]["before"]["steps"], 38);
  EXPECT_EQ(json["shrink"]["after"]["preemptions"], 1);
  const auto& steps = json["schedule"]["steps"];
  EXPECT_EQ(steps.back()["failed_here"], true);
  EXPECT_EQ(steps.back()["step"], 11);
  EXPECT_EQ(json["replay"], "lockstep replay --trace traces/lost_update-iter3-seed1.lockstep");
}

TEST(NdjsonReport, IsFramedByRunAndSummary) {
  const auto reporter = make_ndjson_reporter(kPlain);
  const auto first = nlohmann::json::parse(reporter->begin({"run", {"a.lua"}}));
  EXPECT_EQ(first["type"], "run");
  EXPECT_EQ(first["schema"], 1);
  const auto last = nlohmann::json::parse(reporter->end({3, 1, 3000, ExitCode::failure, false}));
  EXPECT_EQ(last["type"], "summary");
  EXPECT_EQ(last["passed"], 2);
  EXPECT_EQ(last["exit_code"], 1);
}

TEST(NdjsonReport, ReplacesBytesThatAreNotText) {
  auto f = found();
  f.trace.events[6].args = "\"\xff\xfe\"";
  EXPECT_TRUE(nlohmann::json::accept(make_ndjson_reporter(kPlain)->failure(f)));
}

TEST(ScheduleView, TellsAPreemptionFromAProcessThatHadToWait) {
  const auto view = view_schedule(lost_update(), false);
  ASSERT_EQ(view.steps.size(), 11u);
  EXPECT_FALSE(view.steps[2].preempted) << "the root waits for a message";
  EXPECT_TRUE(view.steps[3].preempted) << "P1 had its write to do";
  EXPECT_FALSE(view.steps[8].preempted) << "P2 had ended";
  EXPECT_TRUE(view.steps[10].failed_here);
}

TEST(ScheduleView, QuotesTheLinesOfTheShownSteps) {
  const auto view = view_schedule(lost_update(), false);
  ASSERT_EQ(view.sources.size(), 3u);
  EXPECT_EQ(view.sources[0].text, "  local n = ets.lookup_element(counter, \"n\", 2)");
  EXPECT_EQ(view.sources[0].steps, (std::vector<uint32_t>{3, 4}));
}

TEST(Console, ColourIsWhatTheFlagSaysThenTheEnvironmentThenTheTerminal) {
  Environment terminal{true, "xterm", "", "", "", ""};
  Environment pipe{false, "xterm", "", "", "", ""};
  EXPECT_TRUE(want_color("auto", terminal));
  EXPECT_FALSE(want_color("auto", pipe));
  EXPECT_TRUE(want_color("always", pipe));
  EXPECT_FALSE(want_color("never", terminal));
  terminal.no_color = "1";
  EXPECT_FALSE(want_color("auto", terminal));
  EXPECT_TRUE(want_color("always", terminal));
  pipe.force_color = "1";
  EXPECT_TRUE(want_color("auto", pipe));
  pipe.force_color = "";
  pipe.clicolor_force = "1";
  EXPECT_TRUE(want_color("auto", pipe));
  pipe.no_color = "1";
  EXPECT_FALSE(want_color("auto", pipe));
  EXPECT_FALSE(want_color("auto", {true, "dumb", "", "", "", ""}));
}

DisagreementReport disagreement() {
  DisagreementReport d;
  d.scenario = "two counters";
  d.found.first = "P1(a) ets 4:1/5:w";
  d.found.second = "P2(b) atomics 6:1/2:r";
  d.found.what = "the states differ\n";
  d.paths[0] = "traces/a.lockstep";
  return d;
}

TEST(Report, ADisagreementOfTheAuditNamesBothStepsAndTheirTraces) {
  const auto text = make_text_reporter({})->disagreement(disagreement());
  EXPECT_THAT(text, HasSubstr("two counters: lockstep is wrong"));
  EXPECT_THAT(text, HasSubstr("P1(a) ets 4:1/5:w"));
  EXPECT_THAT(text, HasSubstr("P2(b) atomics 6:1/2:r"));
  EXPECT_THAT(text, HasSubstr("the states differ"));
  EXPECT_THAT(text, HasSubstr("one order:   traces/a.lockstep"));
  EXPECT_THAT(text, Not(HasSubstr("other order")));
  const auto json = make_ndjson_reporter({})->disagreement(disagreement());
  EXPECT_THAT(json, HasSubstr("\"type\":\"disagreement\""));
  EXPECT_THAT(json, HasSubstr("\"second\":\"P2(b) atomics 6:1/2:r\""));
}

}  // namespace
}  // namespace lockstep::cli
