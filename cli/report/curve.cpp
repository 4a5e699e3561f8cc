#include "cli/report/curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/terminal/words.h"

namespace lockstep::cli {

using Json = nlohmann::ordered_json;

std::string share_text(double share) {
  auto text = fmt::format("{:.2g}", share);
  if (text == "1" && share < 1) return "0.99";
  return text;
}

std::string tally_text(const Tally& t) {
  if (t.tried == 0) return "no continuation came to its end";
  const Interval i = t.interval();
  auto text =
      fmt::format("{} of {} fail ({}, Wilson 95 %: {} to {})", grouped(t.failed), grouped(t.tried),
                  share_text(t.share()), share_text(i.low), share_text(i.high));
  if (t.otherwise) text += fmt::format(", {} otherwise", grouped(t.otherwise));
  return text + fmt::format(", {} pass{}", grouped(t.passed()), t.passed() == 1 ? "es" : "");
}

Json tally_json(const Tally& t) {
  const Interval i = t.interval();
  return {{"tried", t.tried},     {"failed", t.failed}, {"otherwise", t.otherwise},
          {"passed", t.passed()}, {"share", t.share()}, {"low", i.low},
          {"high", i.high}};
}

std::string curve_text(const Curve& c) {
  if (c.points.empty()) return c.cut ? field("P(failure)", "not told: the time was up") : "";
  const CurvePoint& first = c.points.front();
  const CurvePoint& end = c.points[c.no_return];
  double widest = 0;
  const auto share = [&](const CurvePoint& p) {
    const Interval i = p.interval();
    widest = std::max({widest, p.share() - i.low, i.high - p.share()});
    return share_text(p.share());
  };
  std::string text;
  if (c.no_return == 0) {
    text = share(first) + " from the start on";
  } else {
    if (!c.clear || c.rise != size_t{1}) text = share(first) + " at first";
    if (c.clear) {
      const CurvePoint& before = c.points[*c.rise - 1];
      const CurvePoint& after = c.points[*c.rise];
      text += fmt::format("{}{} -> {} by step {}", text.empty() ? "" : ", ", share(before),
                          share(after), after.step);
    }
    if (c.clear && c.rise == c.no_return)
      text += ": no return";
    else
      text += fmt::format(", {} from step {} on", share(end), end.step);
  }
  text += fmt::format(" (random walks, Wilson 95 %: +-{:.2g})", widest);
  if (c.cut)
    text += "; the time was up";
  else if (c.budget_ended)
    text += "; the budget ended";
  return field("P(failure)", text);
}

Json curve_json(const Curve& c) {
  Json points = Json::array();
  for (const CurvePoint& p : c.points) {
    const Interval i = p.interval();
    points.push_back({{"step", p.step},
                      {"tried", p.tally.tried},
                      {"failed", p.tally.failed},
                      {"otherwise", p.tally.otherwise},
                      {"forced", p.forced},
                      {"share", p.share()},
                      {"low", i.low},
                      {"high", i.high}});
  }
  Json json{{"reason", c.reason},
            {"interval", "Wilson 95 %"},
            {"executions", c.executions},
            {"budget_ended", c.budget_ended},
            {"cut", c.cut}};
  if (!c.points.empty()) {
    json["no_return"] = c.points[c.no_return].step;
    json["rise"] = c.rise ? Json{{"step", c.points[*c.rise].step},
                                 {"before", c.points[*c.rise - 1].share()},
                                 {"after", c.points[*c.rise].share()},
                                 {"clear", c.clear}}
                          : Json(nullptr);
  }
  json["points"] = std::move(points);
  return json;
}

namespace {

// "1 in 3.1", "1 in 6,667"
std::string one_in(double share) {
  const double n = 1 / share;
  return "1 in " +
         (n < 9.95 ? fmt::format("{:.1f}", n) : grouped(static_cast<uint64_t>(std::llround(n))));
}

}  // namespace

std::string unsteered_text(const Unsteered& u) {
  const Tally& t = u.tally;
  if (t.tried == 0) return "";
  const Interval i = t.interval();
  std::string text;
  if (t.failed == 0)
    text = fmt::format("none of {} plain runs: fewer than {} (95 %)", grouped(t.tried),
                       one_in(i.high));
  else if (t.failed == t.tried)
    text = fmt::format("all {} plain runs: a share of at least {} (95 %)", grouped(t.tried),
                       share_text(i.low));
  else
    text = fmt::format("{} of plain runs: {} of {} meet it (95 %: {} to {})", one_in(t.share()),
                       grouped(t.failed), grouped(t.tried), one_in(i.low), one_in(i.high));
  if (t.otherwise) text += fmt::format(", {} fail otherwise", grouped(t.otherwise));
  text += fmt::format("; --strategy native, {}", counted(static_cast<uint64_t>(u.cores), "core"));
  if (u.cut) text += "; the time was up";
  return field("unsteered", text);
}

Json unsteered_json(const Unsteered& u) {
  Json json = tally_json(u.tally);
  json["interval"] = "Wilson 95 %";
  json["cores"] = u.cores;
  json["budget_ended"] = u.budget_ended;
  json["cut"] = u.cut;
  return json;
}

}  // namespace lockstep::cli
