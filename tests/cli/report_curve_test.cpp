// The line on how likely a failure was: what it claims, and what it does not.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/report/curve.h"

namespace lockstep::cli {
namespace {

CurvePoint point(uint32_t step, uint64_t tried, uint64_t failed) {
  CurvePoint p;
  p.step = step;
  p.tally.tried = tried;
  p.tally.failed = failed;
  return p;
}

Curve curve() {
  Curve c;
  c.points = {point(0, 200, 20), point(3, 200, 30), point(7, 200, 150), point(9, 200, 200)};
  c.points.push_back(point(12, 0, 0));
  c.points.back().forced = true;
  c.rise = 2;
  c.clear = true;
  c.no_return = 3;
  return c;
}

std::string words(const Curve& c) {
  const auto text = curve_text(c);
  return text.substr(text.find_first_not_of(' ', text.find(':') + 1));
}

// Half the width of 150 of 200 at 95 % is 0.064 downwards, as a table of Wilson's intervals has it.
TEST(CurveText, NamesTheBeginningTheRiseAndWhereThereIsNoReturn) {
  EXPECT_EQ(words(curve()),
            "0.1 at first, 0.15 -> 0.75 by step 7, 1 from step 9 on (random walks, Wilson 95 %: "
            "+-0.064)\n");
}

TEST(CurveText, OneStepMayBeBoth) {
  Curve c = curve();
  c.points.erase(c.points.begin() + 2);
  c.no_return = 2;
  EXPECT_TRUE(words(c).starts_with("0.1 at first, 0.15 -> 1 by step 9: no return (")) << words(c);
}

TEST(CurveText, ARiseThatMayBeChanceIsNotClaimed) {
  Curve c = curve();
  c.clear = false;
  EXPECT_TRUE(words(c).starts_with("0.1 at first, 1 from step 9 on (")) << words(c);
}

TEST(CurveText, SaysWhereItWasCutOff) {
  Curve c = curve();
  c.budget_ended = true;
  EXPECT_NE(words(c).find("; the budget ended"), std::string::npos);
  c.cut = true;
  EXPECT_NE(words(c).find("; the time was up"), std::string::npos);
  Curve none;
  none.cut = true;
  EXPECT_EQ(words(none), "not told: the time was up\n");
  none.cut = false;
  none.reason = "it ends at a bound";
  EXPECT_EQ(curve_text(none), "");
}

TEST(CurveText, NothingIsRoundedToCertain) {
  EXPECT_EQ(share_text(1), "1");
  EXPECT_EQ(share_text(0.9999), "0.99");
  EXPECT_EQ(share_text(0.0001), "0.0001");
  EXPECT_EQ(share_text(0), "0");
}

TEST(CurveJson, HasEveryPointWithItsInterval) {
  const auto json = curve_json(curve());
  EXPECT_EQ(json["points"].size(), 5U);
  EXPECT_EQ(json["no_return"], 9);
  EXPECT_EQ(json["rise"]["step"], 7);
  EXPECT_TRUE(json["points"][4]["forced"]);
  for (const auto& p : json["points"]) {
    EXPECT_LE(p["low"], p["share"]);
    EXPECT_GE(p["high"], p["share"]);
  }
}

TEST(TallyText, CountsWhatFailsOtherwiseApart) {
  Tally t;
  t.tried = 100, t.failed = 50, t.otherwise = 10;
  EXPECT_EQ(tally_text(t), "50 of 100 fail (0.5, Wilson 95 %: 0.4 to 0.6), 10 otherwise, 40 pass");
}

}  // namespace
}  // namespace lockstep::cli
