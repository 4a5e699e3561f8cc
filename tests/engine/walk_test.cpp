// Forwards and back, what was written where, and what might have been.
#include "engine/walk/walk.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

Decision user(ActorId actor) {
  return Decision::make(actor, AltKind::step, static_cast<uint32_t>(OpKind::user));
}

Recording recorded(System& system, const std::vector<Decision>& decisions) {
  return record_schedule(system, 1, 0, decisions);
}

// Two that read x and write it, one after the other: 0 R, 1 R, 0 W, 1 W; both have seen 0.
struct LostUpdate {
  ToySystem system{"Rx Wx1 !x1|Rx Wx1 Rx ?x1 E"};
  Walk walk{system, 1, 0, recorded(system, {user(0), user(1), user(0), user(1), user(1)})};
};

std::string text(const Place& place) {
  std::string all;
  for (const Option& o : place.options) all += o.who + " " + o.what + (o.taken ? "* " : " ");
  return all;
}
bool is_x(const Shown& s) { return s.what == "register" && s.key == "x"; }

TEST(Walk, KnowsWhatCouldHappenAtEachStep) {
  LostUpdate t;
  EXPECT_EQ(t.walk.line(0).recording.outcome.verdict, Verdict::assertion);
  EXPECT_EQ(text(t.walk.place(0, 0)), "P0 Rx* P1 Rx ");
  EXPECT_EQ(text(t.walk.place(0, 2)), "P0 Wx1* P1 Wx1 ");
  EXPECT_EQ(text(t.walk.place(0, 4)), "P1 Rx* ");
  EXPECT_EQ(text(t.walk.place(0, 1)), "P0 Wx1 P1 Rx* ");
  EXPECT_TRUE(t.walk.place(0, 5).ended);
}

TEST(Walk, ListsEachStepThatWroteAlsoTheSameValueAgain) {
  LostUpdate t;
  const auto writes = t.walk.writes(0, is_x);
  ASSERT_EQ(writes.size(), 2U);
  EXPECT_EQ(writes[0].step, 3U);
  EXPECT_TRUE(writes[0].changed());
  EXPECT_FALSE(writes[0].before.has_value());
  EXPECT_EQ(writes[0].after, "1");
  EXPECT_EQ(writes[1].step, 4U);
  EXPECT_FALSE(writes[1].changed());
}

TEST(Walk, TellsTwoStatesApart) {
  LostUpdate t;
  EXPECT_TRUE(t.walk.difference(0, 3, 3).empty());
  const auto all = t.walk.difference(0, 2, 3);
  ASSERT_EQ(all.size(), 2U);  // P0 has ended, x is 1
  EXPECT_EQ(all[0].what.of, "P0");
  EXPECT_EQ(all[0].before, "Wx1");
  EXPECT_EQ(all[1].what.key, "x");
  const auto back = t.walk.difference(0, 3, 2);
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[1].before, "1");
  EXPECT_FALSE(back[1].after.has_value());
}

TEST(Walk, CompareForgetsNamesThatWereGivenMeanwhile) {
  const std::vector<Shown> a = {{"process", "P1(fn:3)", "state", "waits for P0(root)", 0}};
  const std::vector<Shown> b = {{"process", "P1(boss)", "state", "waits for P0(main)", 0}};
  EXPECT_TRUE(compare(a, b).empty());
}

TEST(Walk, AnotherAlternativeIsAnotherLineAndTheSameOneIsNot) {
  LostUpdate t;
  const Place place = t.walk.place(0, 1);
  EXPECT_EQ(t.walk.take(0, 1, place.options[1]), 0U);
  const size_t line = t.walk.take(0, 1, place.options[0]);
  EXPECT_EQ(line, 1U);
  EXPECT_EQ(t.walk.line(1).size(), 2U);
  EXPECT_FALSE(t.walk.line(1).ended);
  EXPECT_EQ(t.walk.line(1).left_after, 1U);
  // The recording is as it was, and the new line is longer by hand.
  EXPECT_EQ(text(t.walk.place(0, 1)), "P0 Wx1 P1 Rx* ");
  const Place next = t.walk.place(1, 2);
  EXPECT_EQ(text(next), "P1 Rx ");
  EXPECT_EQ(t.walk.take(1, 2, next.options[0]), 1U);
  EXPECT_EQ(t.walk.line(1).size(), 3U);
  EXPECT_EQ(t.walk.lines(), 2U);
}

TEST(Walk, GoesOnAsTheRecordingDidOrAtRandom) {
  LostUpdate t;
  const size_t line = t.walk.take(0, 1, t.walk.place(0, 1).options[0]);
  ASSERT_EQ(t.walk.onward(line, 2, Onward::follow, 0), line);
  EXPECT_TRUE(t.walk.line(line).ended);
  // What is left of the recorded steps, in their order: P1's, who saw 1 all the time.
  EXPECT_EQ(t.walk.line(line).recording.outcome.verdict, Verdict::assertion);
  const auto decisions = t.walk.line(line).path->decisions();
  EXPECT_EQ(std::vector<Decision>(decisions.begin(), decisions.end()),
            (std::vector<Decision>{user(0), user(0), user(1), user(1), user(1)}));
  const size_t random = t.walk.onward(0, 0, Onward::random, 5);
  EXPECT_TRUE(t.walk.line(random).ended);
  EXPECT_EQ(t.walk.line(random).left_after, 0U);
}

TEST(Walk, CountsContinuationsAndKeepsOneOfEach) {
  ToySystem system("Wx1|Rx ?x1 E");
  Walk walk(system, 1, 0, recorded(system, {user(0), user(1)}));
  const Sample s = walk.sample(0, 0, 400);
  EXPECT_EQ(s.tally.tried, 400U);
  EXPECT_EQ(s.tally.otherwise, 0U);
  // A half, within five standard deviations: one miss in 1.7 million seeds.
  EXPECT_NEAR(static_cast<double>(s.tally.failed), 200, 50);
  EXPECT_EQ(s.failing, (std::vector<Decision>{user(0), user(1)}));
  EXPECT_EQ(s.passing, (std::vector<Decision>{user(1), user(0)}));
  const size_t line = walk.adopt(0, 0, s.passing);
  EXPECT_EQ(walk.line(line).recording.outcome.verdict, Verdict::passed);
  // Parts of a sample are those of the whole.
  const Sample a = walk.sample(0, 0, 150), b = walk.sample(0, 0, 250, 150);
  EXPECT_EQ(a.tally.failed + b.tally.failed, s.tally.failed);
  // After the write there is one way only.
  EXPECT_EQ(walk.sample(0, 1, 20).tally.failed, 20U);
}

TEST(Walk, ChoicesOfValuesAreAlternatives) {
  ToySystem system("Dd3 ?d2 E");
  const auto choice = [](uint32_t v) { return Decision::make(0, AltKind::data, v); };
  system.begin(1, 0);
  Walk walk(system, 1, 0,
            recorded(system, {Decision::make(0, AltKind::step, static_cast<uint32_t>(OpKind::user)),
                              choice(2)}));
  ASSERT_EQ(walk.line(0).recording.outcome.verdict, Verdict::assertion)
      << walk.line(0).recording.divergence;
  const Place place = walk.place(0, 1);
  EXPECT_TRUE(place.data);
  EXPECT_EQ(text(place), "P0 1 P0 2 P0 3* ");
  const size_t line = walk.take(0, 1, place.options[0]);
  EXPECT_TRUE(walk.line(line).ended);
  EXPECT_EQ(walk.line(line).recording.outcome.verdict, Verdict::passed);
}

}  // namespace
}  // namespace lockstep
