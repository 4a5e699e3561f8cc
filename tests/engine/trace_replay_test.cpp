// Replay of traces: the recorded execution or the step where it was left; and on an edited
// scenario, what became of the failure.
#include "engine/trace/trace_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/trace/make_trace.h"
#include "engine/trace/recording.h"
#include "tests/engine/script_system.h"

namespace lockstep {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Trace trace_of(System& system, const std::vector<Decision>& schedule) {
  Trace t;
  t.seed = 1;
  put_recording(t, record_schedule(system, 1, 0, schedule));
  EXPECT_TRUE(annotate(t, system));
  return t;
}

Trace failing_trace(System& system, uint64_t seed = 1) {
  const auto schedule = find_failure(system, seed);
  EXPECT_FALSE(schedule.empty());
  return trace_of(system, schedule);
}

TEST(MakeTrace, HasALabelADigestAndAKeyForEachDecision) {
  ScriptSystem system(lost_update());
  const Trace t = failing_trace(system);
  ASSERT_EQ(t.labels.size(), t.decisions.size());
  ASSERT_EQ(t.digests.size(), t.decisions.size());
  ASSERT_EQ(t.keys.size(), t.decisions.size());
  EXPECT_EQ(t.labels[0], "P0(root) spawn");
  EXPECT_EQ(t.labels.back(), "P0(root) check cell0");
  EXPECT_EQ(t.digests.back(), system.digest());
  EXPECT_FALSE(t.keyed.empty());
  EXPECT_EQ(encode_trace(decode_trace(encode_trace(t), "x")), encode_trace(t));
}

TEST(MakeTrace, LabelsSayWhoWhatAndOnWhat) {
  Event e;
  e.who = "P1(worker)";
  e.what = "ets.lookup";
  e.target = "counter[1]";
  e.args = "1";
  e.result = "0";
  EXPECT_EQ(event_label(e), "P1(worker) ets.lookup counter[1]");
  EXPECT_EQ(event_text(e), "P1(worker) ets.lookup counter[1] (1) -> 0");
  e.kind = AltKind::data;
  e.what = "choose";
  e.target = e.args = "";
  EXPECT_EQ(event_label(e), "P1(worker) choose = 0");
  EXPECT_EQ(without_names("P1(worker) send P1.2(a.b) Pa P3 P4( x"), "P1 send P1.2 Pa P3 P4( x");
  std::vector<Event> events = {e};
  rename(events, {{"P1(worker)", "P1(boss)"}});
  EXPECT_EQ(event_label(events[0]), "P1(boss) choose = 0");
  const std::vector<Decision> silent{
      Decision::make(3, AltKind::step, static_cast<uint32_t>(OpKind::send)),
      Decision::make(3, AltKind::data, 2)};
  EXPECT_THAT(decision_labels(silent, {}), ElementsAre("actor 3 send", "actor 3 choose = 2"));
}

TEST(StrictReplay, ReproducesEveryRecordedExecution) {
  int failures = 0;
  for (uint64_t seed = 0; seed < 100; seed++) {
    ScriptSystem system(random_script(seed));
    RandomChooser chooser(seed);
    system.begin(1, 0);
    system.run(chooser);
    const Trace t = trace_of(system, {system.decisions().begin(), system.decisions().end()});
    const ReplayResult r = replay_strict(system, t);
    const bool passed = t.outcome.verdict == Verdict::passed;
    EXPECT_EQ(r.kind, passed ? ReplayResult::passed : ReplayResult::reproduced) << seed;
    EXPECT_EQ(r.recording.outcome.signature(), t.outcome.signature()) << seed;
    EXPECT_EQ(r.divergence.kind, TraceDivergence::none);
    EXPECT_EQ(r.recording.decisions, t.decisions);
    EXPECT_EQ(r.recording.events.size(), t.events.size());
    failures += r.recording.outcome.failed();
  }
  EXPECT_GT(failures, 5);
}

TEST(StrictReplay, OnAnotherProgramSaysWhereAndWhat) {
  ScriptSystem system(lost_update());
  const Trace t = failing_trace(system);
  Script edited = lost_update();
  edited[1][0] = send(0, 9);  // was: read
  edited[2][0] = send(0, 9);
  ScriptSystem other(edited);
  const ReplayResult r = replay_strict(other, t);
  EXPECT_EQ(r.kind, ReplayResult::diverged);
  EXPECT_EQ(r.divergence.kind, TraceDivergence::unavailable);
  EXPECT_EQ(r.divergence.recorded, t.labels[r.divergence.step - 1]);
  EXPECT_THAT(r.divergence.recorded, HasSubstr("read cell0"));
  EXPECT_THAT(r.divergence.actual, HasSubstr("send mailbox of P0"));
  EXPECT_EQ(r.recording.decisions.size(), r.divergence.step - 1);
}

TEST(StrictReplay, ComparesLabels) {
  ScriptSystem system(lost_update());
  const Trace t = failing_trace(system);
  Script edited = lost_update();
  edited[1][0] = edited[2][0] = read(1);  // the same kind of operation on another cell
  ScriptSystem other(edited);
  const ReplayResult r = replay_strict(other, t);
  EXPECT_EQ(r.kind, ReplayResult::diverged);
  EXPECT_EQ(r.divergence.kind, TraceDivergence::operation);
  EXPECT_THAT(r.divergence.recorded, HasSubstr("read cell0"));
  EXPECT_THAT(r.divergence.actual, HasSubstr("read cell1"));
}

TEST(StrictReplay, ComparesStates) {
  ScriptSystem system(lost_update());
  const Trace t = failing_trace(system);
  Script edited = lost_update();
  edited[1][1] = edited[2][1] = write(0, 5);  // the same operation, another value
  ScriptSystem other(edited);
  const ReplayResult r = replay_strict(other, t);
  EXPECT_EQ(r.divergence.kind, TraceDivergence::state);
  EXPECT_THAT(r.divergence.recorded, HasSubstr("write cell0"));
  EXPECT_THAT(r.divergence.actual, HasSubstr("the state after it differs"));
}

TEST(StrictReplay, ANondeterministicSystemIsCaughtAtOnce) {
  ScriptSystem system(lost_update());
  const Trace t = failing_trace(system);
  system.noise = 1;
  const ReplayResult r = replay_strict(system, t);
  EXPECT_EQ(r.kind, ReplayResult::diverged);
  EXPECT_EQ(r.divergence.step, 1u);
  EXPECT_THAT(r.divergence.causes, ElementsAre(HasSubstr("please report")));
}

TEST(StrictReplay, AnEndTooEarlyOrTooLateIsADivergence) {
  ScriptSystem system(lost_update());
  const Trace t = failing_trace(system);
  Trace shorter = t;
  shorter.decisions.pop_back(), shorter.labels.pop_back(), shorter.digests.pop_back();
  ReplayResult r = replay_strict(system, shorter);
  EXPECT_EQ(r.divergence.kind, TraceDivergence::longer);
  EXPECT_EQ(r.divergence.step, t.decisions.size());
  EXPECT_THAT(r.divergence.recorded, HasSubstr("the end: assertion"));
  EXPECT_THAT(r.divergence.available, ElementsAre("P0(root) user cell0"));
  Trace longer = t;
  longer.decisions.push_back(t.decisions[0]), longer.labels.push_back("P0(root) more"),
      longer.digests.push_back(0);
  r = replay_strict(system, longer);
  EXPECT_EQ(r.divergence.kind, TraceDivergence::shorter);
  EXPECT_EQ(r.divergence.recorded, "P0(root) more");
}

TEST(StrictReplay, AnotherOutcomeOfTheSameStepsIsSaidSo) {
  ScriptSystem system(lost_update());
  Trace t = failing_trace(system);
  t.outcome.verdict = Verdict::crash;
  EXPECT_EQ(replay_strict(system, t).kind, ReplayResult::other_failure);
  t = failing_trace(system);
  t.digests.clear();  // an assertion's expectation is no state
  Script edited = lost_update();
  edited[0].back() = check(0, 1);
  ScriptSystem other(edited);
  EXPECT_EQ(replay_strict(other, t).kind, ReplayResult::passed);
}

TEST(StrictReplay, GarbageDecisionsDivergeAndNothingWorse) {
  ScriptSystem system(lost_update());
  Prng prng(5);
  for (int i = 0; i < 200; i++) {
    Trace t = failing_trace(system);
    const uint32_t n = t.decisions.size();
    t.decisions[prng.below(n)] = {static_cast<uint32_t>(prng.next()),
                                  static_cast<uint32_t>(prng.next()) & 0x4ffffff};
    t.events[prng.below(n)].step = static_cast<uint32_t>(prng.next());
    EXPECT_EQ(replay_strict(system, t).kind, ReplayResult::diverged);
    replay_edited(system, t);
  }
}

TEST(EditedReplay, AnUnchangedScenarioStillFails) {
  for (uint64_t seed = 1; seed < 30; seed++) {
    ScriptSystem system(lost_update(3));
    const Trace t = failing_trace(system, seed);
    const ReplayResult r = replay_edited(system, t);
    EXPECT_EQ(r.kind, ReplayResult::reproduced);
    EXPECT_EQ(r.divergence.kind, TraceDivergence::none);
    EXPECT_EQ(r.recording.decisions, t.decisions);
  }
}

TEST(EditedReplay, AnEditBesideTheBugLeavesIt) {
  for (uint64_t seed = 1; seed < 30; seed++) {
    ScriptSystem system(lost_update());
    const Trace t = failing_trace(system, seed);
    Script edited = lost_update();
    edited[1].insert(edited[1].begin(), write(3, 0));  // an operation more
    edited[2].insert(edited[2].begin() + 2, read(3));
    edited[0].insert(edited[0].begin(), yield());
    edited[0].insert(edited[0].begin() + 3, spawn(3));  // another process, after the two
    edited.push_back({write(2, 1)});
    ScriptSystem other(edited);
    const ReplayResult r = replay_edited(other, t);
    EXPECT_EQ(r.recording.outcome.verdict, Verdict::assertion) << seed;
    EXPECT_NE(r.divergence.kind, TraceDivergence::none);
  }
}

TEST(EditedReplay, ARepairMakesTheScheduleInapplicable) {
  ScriptSystem system(lost_update());
  const Trace t = failing_trace(system);
  Script edited = lost_update();
  for (int w : {1, 2}) edited[w] = {add(0, 1), send(0, w)};
  ScriptSystem other(edited);
  const ReplayResult r = replay_edited(other, t);
  EXPECT_EQ(r.kind, ReplayResult::diverged);
  EXPECT_EQ(r.recording.outcome.verdict, Verdict::passed);
  EXPECT_THAT(r.divergence.recorded, HasSubstr("read cell0"));
  EXPECT_THAT(r.divergence.actual, HasSubstr("user cell0"));
}

TEST(EditedReplay, ARepairThatKeepsTheOperationsPasses) {
  ScriptSystem system(lost_update());
  const Trace t = failing_trace(system);
  Script edited = lost_update();
  edited[0].back() = check(0, 1);  // "repaired" by expecting what comes
  ScriptSystem other(edited);
  const ReplayResult r = replay_edited(other, t);
  EXPECT_EQ(r.kind, ReplayResult::passed);
  EXPECT_EQ(r.divergence.kind, TraceDivergence::none);
}

TEST(EditedReplay, AnotherFailureIsSaidToBeAnother) {
  ScriptSystem system(lost_update());
  const Trace t = failing_trace(system);
  Script edited = lost_update();
  edited[0].back() = recv();  // waits for ever
  ScriptSystem other(edited);
  const ReplayResult r = replay_edited(other, t);
  EXPECT_EQ(r.kind, ReplayResult::other_failure);
  EXPECT_EQ(r.recording.outcome.verdict, Verdict::deadlock);
}

TEST(EditedReplay, ValuesGoToTheProcessThatAskedForThem) {
  const Script script{{spawn(1), spawn(2), recv(), recv()},
                      {choose(4), need(3), send(0, 1)},
                      {choose(4), need(9), send(0, 1)}};
  ScriptSystem system(script);
  const Trace t = failing_trace(system);
  Script edited = script;
  edited[2].insert(edited[2].begin(), choose(2));
  ScriptSystem other(edited);
  EXPECT_EQ(replay_edited(other, t).recording.outcome.verdict, Verdict::assertion);
}

TEST(SameFailure, TheFailingLineMayMoveButNotChange) {
  const std::vector<TraceFile> then{{"a.lua", "one\nassert(x == 2)\n"}};
  const std::vector<TraceFile> moved{{"a.lua", "-- new\none\n   assert(x == 2)\nmore"}};
  Outcome a, b;
  a.verdict = b.verdict = Verdict::assertion;
  a.site = "a.lua:2";
  b.site = "a.lua:3";
  EXPECT_TRUE(same_failure(a, then, b, moved));
  EXPECT_FALSE(same_failure(a, then, b, {}));
  b.site = "a.lua:2";
  EXPECT_FALSE(same_failure(a, then, b, moved));
  EXPECT_TRUE(same_failure(a, then, a, {}));
  b = a;
  b.object = "x";
  EXPECT_FALSE(same_failure(a, then, b, then));
  a.site = b.site = "nonsense:-1";
  b.object = "";
  EXPECT_TRUE(same_failure(a, then, b, moved));
}

TEST(ProbableCauses, NameWhatDiffers) {
  Trace t;
  t.fingerprint = 1;
  t.tool_version = "0.1.0";
  t.options = {{"delivery", "instant"}};
  t.files = {{"a.lua", "one\ntwo\nthree\n"}};
  ReplayContext now;
  EXPECT_THAT(probable_causes(t, now), ElementsAre(HasSubstr("bug in lockstep")));
  now = {2, "0.2.0", {{"delivery", "async"}}, {{"a.lua", "one\ntwo!\nthree\n"}, {"b.lua", ""}}};
  EXPECT_THAT(probable_causes(t, now),
              ElementsAre("the scenario was edited: a.lua differs from line 2 on",
                          "the scenario was edited: b.lua is new",
                          "other options: delivery is async, was instant",
                          HasSubstr("another Lua interpreter"),
                          "another version of lockstep: 0.2.0, the trace is by 0.1.0"));
}

}  // namespace
}  // namespace lockstep
