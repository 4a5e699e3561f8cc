// Rows of a recorded execution: what the author wrote, whatever the library made of it; and lines
// that fit.
#include "cli/fold/folded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "cli/fold/printed_term.h"
#include "cli/report/rows.h"
#include "cli/terminal/fit.h"

namespace lockstep::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kServer = "lockstep/gen_server.lua:126";

class Events {
 public:
  Event& add(uint32_t process, OpKind op, const char* what, const char* target, std::string args,
             std::string result, std::vector<uint32_t> causes = {}) {
    static const char* const kNames[] = {"P0(root)", "P1(bank)", "P2(client)", "P3(other)"};
    Event e;
    e.step = static_cast<uint32_t>(trace.events.size()) + 1;
    e.op = op;
    e.actor = e.process = process;
    e.who = kNames[process];
    e.what = what;
    e.target = target;
    e.args = std::move(args);
    e.result = std::move(result);
    e.causes = std::move(causes);
    e.alternatives = 2;
    e.site = process == 1 ? kServer : "bank.lua:7";
    trace.events.push_back(e);
    return trace.events.back();
  }
  // The steps of gen_server.call("get") of a client that are its own, up to the request.
  void ask(uint32_t process, const std::string& who, const std::string& ref) {
    add(process, OpKind::monitor, "monitor", "P1(bank)", "P1(bank)", ref).call = "gen_server.call";
    add(process, OpKind::send, "send", "P1(bank)",
        "{\"$gen_call\", {" + who + ", " + ref + "}, \"get\"}", "")
        .call = "gen_server.call";
  }
  void serve(const std::string& who, const std::string& ref, const std::string& value) {
    add(1, OpKind::receive, "recv", who.c_str(), "",
        "{\"$gen_call\", {" + who + ", " + ref + "}, \"get\"}");
    add(1, OpKind::send, "send", who.c_str(), "{" + ref + ", " + value + "}", "");
  }
  void answered(uint32_t process, const std::string& ref, const std::string& value) {
    add(process, OpKind::receive, "recv_first", "P1(bank)", "{" + ref + ", any}",
        "{" + ref + ", " + value + "}")
        .call = "gen_server.call";
    add(process, OpKind::demonitor, "demonitor", "", ref, "true").call = "gen_server.call";
  }
  Folded folded(const Observed* observed = nullptr) {
    return fold(trace, view_schedule(trace, false), observed);
  }
  Trace trace;
};

std::vector<uint32_t> numbers(size_t n) {
  std::vector<uint32_t> all(n);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

void expect_each_step_once(const Folded& folded, const Trace& trace) {
  std::vector<uint32_t> all;
  for (const FoldedRow& row : folded.rows)
    all.insert(all.end(), row.events.begin(), row.events.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, numbers(trace.events.size()));
}

TEST(Fold, ACallAndWhatTheServerDoesAreARowEach) {
  Events e;
  e.ask(2, "P2(client)", "#Ref<2.1>");
  e.serve("P2(client)", "#Ref<2.1>", "40");
  e.answered(2, "#Ref<2.1>", "40");
  const Folded f = e.folded();
  ASSERT_EQ(f.rows.size(), 2u);
  EXPECT_EQ(f.rows[0].kind, FoldedRow::call);
  EXPECT_EQ(f.rows[0].verb, "gen_server.call");
  EXPECT_EQ(f.rows[0].other, "P1(bank)");
  EXPECT_EQ(f.rows[0].payload, "\"get\"");
  EXPECT_EQ(f.rows[0].result, "40");
  EXPECT_EQ(steps_of(f.rows[0], e.trace), "1-6");
  EXPECT_EQ(f.rows[1].kind, FoldedRow::callback);
  EXPECT_EQ(f.rows[1].verb, "handle_call");
  EXPECT_EQ(f.rows[1].other, "P2(client)");
  EXPECT_EQ(f.rows[1].result, "40");
  expect_each_step_once(f, e.trace);
}

TEST(Fold, AnAnswerStaysApartWhereOthersCameBetween) {
  Events e;
  e.ask(2, "P2(client)", "#Ref<2.1>");
  e.serve("P2(client)", "#Ref<2.1>", "40");
  e.add(3, OpKind::ets, "ets.insert", "t[1]", "#Tid<t>, {1, 2}", "true");
  e.answered(2, "#Ref<2.1>", "40");
  const Folded f = e.folded();
  ASSERT_EQ(f.rows.size(), 4u);
  EXPECT_EQ(f.rows[0].result, "") << "not known when it was asked";
  EXPECT_EQ(f.rows[2].payload, "{1, 2}") << "the table is named already";
  EXPECT_EQ(f.rows[3].kind, FoldedRow::answer);
  EXPECT_EQ(f.rows[3].result, "40");
  expect_each_step_once(f, e.trace);
}

TEST(Fold, TwoCallsOfOneLineAreTwoRows) {
  Events e;
  for (const char* ref : {"#Ref<2.1>", "#Ref<2.2>"}) {
    e.ask(2, "P2(client)", ref);
    e.serve("P2(client)", ref, "1");
    e.answered(2, ref, "1");
  }
  const Folded f = e.folded();
  ASSERT_EQ(f.rows.size(), 4u);
  EXPECT_EQ(f.rows[2].kind, FoldedRow::call);
  EXPECT_EQ(f.rows[2].result, "1");
}

TEST(Fold, TheStateOfAServerStandsBesideWhatChangedIt) {
  Events e;
  e.ask(2, "P2(client)", "#Ref<2.1>");
  e.serve("P2(client)", "#Ref<2.1>", "40");
  Observed seen;
  seen.changes.push_back({4, {"server", "P1(gen_server)", "state", "41", 0}, "40", "41"});
  seen.changes.push_back({4, {"server", "P1(gen_server)", "postponed", "{}", 0}, "{}", "{\"x\"}"});
  const Folded f = e.folded(&seen);
  ASSERT_EQ(f.rows[1].changes.size(), 1u);
  EXPECT_EQ(f.rows[1].changes[0].before, "40");
  EXPECT_EQ(f.rows[1].changes[0].after, "41");
  EXPECT_EQ(f.rows[1].note, "postponed");
}

TEST(Fold, ArrivalsCarryTheirMessageAndJoinWhatTakesThemAtOnce) {
  Events e;
  e.add(2, OpKind::send, "send", "P0(root)", "{\"vote\", 1}", "");
  const auto arrive = [&](uint32_t sent) {
    Event& a = e.add(0, OpKind::deliver, "deliver", "", "", "", {sent});
    a.kind = AltKind::deliver;
    a.who = "signals to P0(root)";
    a.site.clear();
  };
  e.add(3, OpKind::send, "send", "P0(root)", "{\"vote\", 2}", "");
  arrive(1);
  arrive(2);
  e.add(0, OpKind::receive, "recv", "P3(other)", "", "{\"vote\", 2}", {2, 4});
  const Folded f = e.folded();
  ASSERT_EQ(f.rows.size(), 4u);
  EXPECT_EQ(f.rows[2].kind, FoldedRow::arrival);
  EXPECT_EQ(f.rows[2].payload, "{\"vote\", 1}");
  EXPECT_EQ(f.rows[2].other, "P2(client)");
  EXPECT_EQ(f.rows[3].kind, FoldedRow::receive);
  EXPECT_EQ(f.rows[3].events, (std::vector<uint32_t>{3, 4}));
  expect_each_step_once(f, e.trace);
}

TEST(Fold, TheBeginningIsOneRowWhereNothingCouldBeChosen) {
  Events e;
  for (const char* who : {"P1(bank)", "P2(client)", "P3(other)"})
    e.add(0, OpKind::spawn, "spawn", who, "function, 7", who).alternatives = 1;
  e.add(2, OpKind::ets, "ets.insert", "t[1]", "{1, 2}", "true");
  const Folded f = e.folded();
  ASSERT_EQ(f.rows.size(), 2u);
  EXPECT_EQ(f.rows[0].kind, FoldedRow::setup);
  EXPECT_EQ(f.rows[0].payload, "spawn P1(bank), P2(client), P3(other)");
  expect_each_step_once(f, e.trace);
}

TEST(Fold, AChoiceShowsItsValue) {
  Events e;
  Event& choice = e.add(0, OpKind::choose, "choose", "", "{\"split\", \"whole\"}", "2");
  choice.kind = AltKind::data;
  EXPECT_EQ(e.folded().rows[0].result, "\"whole\"");
  choice.args = "3";  // choose(3)
  EXPECT_EQ(e.folded().rows[0].result, "2");
}

TEST(Waits, SayWhatBecameOfTheMessage) {
  Events e;
  e.trace.outcome.verdict = Verdict::deadlock;
  e.trace.outcome.detail =
      "P0(root) waits for {\"ok\", any} at bank.lua:9; mailbox empty\n"
      "P2(client) waits for \"go\" at bank.lua:3; mailbox empty\n"
      "no process can run, no signal is in flight and no timer is set, so nobody is left to send "
      "it\n";
  e.add(2, OpKind::send, "send", "P0(root)", "{\"ok\", 1}", "");
  Event& fault = e.add(0, OpKind::fault, "fault", "P0(root)", "message lost: {\"ok\", 1}", "", {1});
  fault.kind = AltKind::fault;
  const Folded f = e.folded();
  ASSERT_EQ(f.waiting.size(), 2u);
  EXPECT_EQ(f.waiting[0].who, "P0(root)");
  EXPECT_EQ(f.waiting[0].site, "bank.lua:9");
  EXPECT_THAT(f.waiting[0].where,
              ElementsAre("{\"ok\", 1} of P2(client) (step 1) is lost at step 2"));
  EXPECT_THAT(f.waiting[1].where, ElementsAre("nobody sends it"));
}

TEST(Waits, ForAnAnswerNameTheRequest) {
  Events e;
  e.trace.outcome.verdict = Verdict::deadlock;
  e.ask(2, "P2(client)", "#Ref<2.1>");
  e.add(1, OpKind::receive, "recv", "P2(client)", "",
        "{\"$gen_call\", {P2(client), #Ref<2.1>}, \"get\"}", {2});
  e.trace.outcome.detail =
      "P2(client) waits for {one_of, {#Ref<2.1>, any}, {#Ref<2.1>}} at bank.lua:7; mailbox empty\n";
  Folded f = e.folded();
  ASSERT_EQ(f.waiting.size(), 1u);
  EXPECT_EQ(f.waiting[0].pattern, "the answer to call \"get\" (step 2)");
  EXPECT_THAT(f.waiting[0].where,
              ElementsAre("P1(bank) has it since step 3, and has not answered"));
  Observed seen;
  seen.end.push_back(
      {"server", "P1(bank)", "postponed", "{{{\"call\", {P2(client), #Ref<2.1>}}, \"get\"}}", 0});
  f = e.folded(&seen);
  EXPECT_THAT(f.waiting[0].where, ElementsAre("P1(bank) has postponed the request"));
}

TEST(PrintedTerm, IsTakenApartAtItsOwnCommas) {
  EXPECT_THAT(elements("{\"a, {\\\"b\", {1, 2}, #Ref<1.2>}"),
              ElementsAre("\"a, {\\\"b\"", "{1, 2}", "#Ref<1.2>"));
  EXPECT_THAT(elements("7"), IsEmpty());
  EXPECT_THAT(elements("{}"), IsEmpty());
  EXPECT_THAT(elements("{1, {2, 3"), ElementsAre("1", "{2, 3")) << "printed in part";
  EXPECT_TRUE(takes("{\"ok\", any}", "{\"ok\", {1, 2}}"));
  EXPECT_TRUE(takes("{one_of, \"a\", {\"b\", any}}", "{\"b\", 1}"));
  EXPECT_FALSE(takes("{\"ok\", any}", "{\"ok\"}"));
  EXPECT_FALSE(takes("\"ok\"", "\"no\""));
}

TEST(Fit, NoLineIsWiderAndNothingIsLost) {
  const std::string text =
      "  Reason:      a b c a-word-that-is-wider-than-all-the-columns-there-are d\n"
      "    12. first comes before second and third\n"
      "\n  trace path:  traces/a-path-of-which-scripts-take-what-they-find.lockstep\n";
  for (const size_t width : {24, 30, 40}) {
    const auto fit = fitted(text, width);
    std::string words = text, kept = fit;
    for (std::string* s : {&words, &kept})
      s->erase(std::remove_if(s->begin(), s->end(), [](char c) { return c == ' ' || c == '\n'; }),
               s->end());
    EXPECT_EQ(kept, words);
    std::istringstream lines(fit);
    for (std::string line; std::getline(lines, line);)
      EXPECT_TRUE(shown_width(line) <= width || line.find("trace path") != std::string::npos)
          << line;
  }
  EXPECT_EQ(fitted("\x1b[1mabc def\x1b[0m", 5), "\x1b[1mabc\n  def\x1b[0m")
      << "colours take no room";
  EXPECT_EQ(fitted("ä ö ü ß", 3), "ä ö\n  ü\n  ß");
}

TEST(RowList, NamesWhatItLeavesOutAndKeepsWhatDecides) {
  Events e;
  for (uint32_t i = 0; i < 60; i++)
    e.add(2 + i % 2, OpKind::ets, "ets.insert", "t[1]", "{1, " + std::to_string(i) + "}", "true");
  e.trace.outcome.verdict = Verdict::assertion;
  const Folded f = e.folded();
  for (const size_t width : {40, 80, 120}) {
    Style style;
    style.width = width;
    const RowList list = row_list(e.trace, f, {5}, 12, style);
    const auto lines_of_it = std::count(list.text.begin(), list.text.end(), '\n');
    EXPECT_GT(lines_of_it, 9);
    EXPECT_LE(lines_of_it, 13) << "the mark may stand on a line of its own";
    EXPECT_THAT(list.text, HasSubstr("step 5 "));
    EXPECT_THAT(list.text, HasSubstr("FAILED HERE"));
    EXPECT_THAT(list.text, HasSubstr("rows"));
    std::istringstream lines(list.text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(shown_width(line), width) << line;
    const RowList all = row_list(e.trace, f, {5}, 0, style);
    EXPECT_EQ(all.left_out, 0u);
    EXPECT_THAT(all.text, Not(HasSubstr("--full")));
  }
}

}  // namespace
}  // namespace lockstep::cli
