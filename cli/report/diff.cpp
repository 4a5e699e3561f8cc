#include "cli/report/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/terminal/fit.h"
#include "cli/terminal/words.h"
#include "engine/trace/make_trace.h"

namespace lockstep::cli {
namespace {

constexpr size_t kMostLines = 12;  // of each list

std::string step(const Event& e) {
  const auto place = e.site.empty() ? "" : ", " + e.site;
  return one_line(fmt::format("{} (step {}{})", event_text(e), e.step, place));
}

// Where the two part: what each does there.
std::string at(const std::vector<Event>& events, uint32_t index) {
  return index < events.size() ? step(events[index]) : "the end";
}

std::string outcome(const Trace& t) {
  return t.outcome.failed()
             ? fmt::format("{}: {}", t.outcome.signature(), reason_shown(t.outcome.reason))
             : verdict_name(t.outcome.verdict);
}

std::string what_came(const Event& e) {
  std::string out = e.result.empty() ? "nothing" : e.result;
  if (!e.change.empty()) out += "; " + e.change;
  return out;
}

template <class List, class Words>
std::string listed(const char* heading, const List& list, const Style& style, const Words& words) {
  if (list.empty()) return {};
  auto out = fmt::format("\n  {}\n", style.bold(heading));
  for (size_t i = 0; i < list.size() && i < kMostLines; i++) out += words(list[i]);
  if (list.size() > kMostLines)
    out += fmt::format("    ... and {} more (--format ndjson has all)\n",
                       grouped(list.size() - kMostLines));
  return out;
}

}  // namespace

std::string diff_text(const DiffReport& r, const TraceDiff& d, const Style& style) {
  const auto side = [&](const char* name, const std::string& path, const Trace& t) {
    return field(name, one_line(fmt::format("{}: {}, {}; {}", path, t.scenario,
                                            counted(t.events.size(), "step"), outcome(t))));
  };
  std::string out = d.same ? style.green("the same steps") : style.bold("the traces differ");
  out += "\n\n" + side("A", r.path_a, r.a) + side("B", r.path_b, r.b);
  for (const auto& name : d.sources) out += field("source", name + " differs");
  for (const auto& option : d.options) out += field("option", option);
  if (d.same) return out + "\n";
  out += "\n" + field("alike", d.common ? "the first " + counted(d.common, "step") : "nothing");
  out += field("then A", at(r.a.events, d.common)) + field("then B", at(r.b.events, d.common));
  out += listed("Orders that differ:", d.turned, style, [&](const TurnedOrder& o) {
    return fmt::format("    A: {}\n       before {}\n    B: the other way round (steps {}, {})\n",
                       step(r.a.events[o.first.a]), step(r.a.events[o.second.a]),
                       r.b.events[o.second.b].step, r.b.events[o.first.b].step);
  });
  out += listed("What came out differently:", d.changed, style, [&](const MatchedStep& m) {
    return one_line(fmt::format("    {}", step(r.a.events[m.a]))) + "\n" +
           fmt::format("       A: {}\n       B: {} (step {})\n",
                       one_line(what_came(r.a.events[m.a])), one_line(what_came(r.b.events[m.b])),
                       r.b.events[m.b].step);
  });
  const auto only = [](const std::vector<Event>& events) {
    return [&](uint32_t i) { return "    " + step(events[i]) + "\n"; };
  };
  out += listed("Only in A:", d.only_a, style, only(r.a.events));
  out += listed("Only in B:", d.only_b, style, only(r.b.events));
  return out + "\n";
}

std::string diff_json(const DiffReport& r, const TraceDiff& d) {
  using Json = nlohmann::ordered_json;
  const auto event = [](const std::vector<Event>& events, uint32_t i) -> Json {
    if (i >= events.size()) return nullptr;
    const Event& e = events[i];
    return {{"step", e.step}, {"text", event_text(e)}, {"change", e.change}, {"site", e.site}};
  };
  Json turned = Json::array(), changed = Json::array(), only_a = Json::array(),
       only_b = Json::array();
  for (const TurnedOrder& o : d.turned)
    turned.push_back({{"first", event(r.a.events, o.first.a)},
                      {"second", event(r.a.events, o.second.a)},
                      {"first_in_b", r.b.events[o.first.b].step},
                      {"second_in_b", r.b.events[o.second.b].step}});
  for (const MatchedStep& m : d.changed)
    changed.push_back({{"a", event(r.a.events, m.a)}, {"b", event(r.b.events, m.b)}});
  for (const uint32_t i : d.only_a) only_a.push_back(event(r.a.events, i));
  for (const uint32_t i : d.only_b) only_b.push_back(event(r.b.events, i));
  const auto side = [](const std::string& path, const Trace& t) -> Json {
    return {{"trace_path", path},
            {"scenario", t.scenario},
            {"steps", t.events.size()},
            {"verdict", verdict_name(t.outcome.verdict)},
            {"signature", t.outcome.signature()}};
  };
  const Json all{{"type", "diff"},
                 {"a", side(r.path_a, r.a)},
                 {"b", side(r.path_b, r.b)},
                 {"same", d.same},
                 {"sources", d.sources},
                 {"options", d.options},
                 {"common", d.common},
                 {"then_a", event(r.a.events, d.common)},
                 {"then_b", event(r.b.events, d.common)},
                 {"turned", turned},
                 {"changed", changed},
                 {"only_a", only_a},
                 {"only_b", only_b}};
  return all.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep::cli
