// What there is at a step, and what differs between two.
#include <fmt/format.h>

#include <algorithm>

#include "cli/debug/session.h"
#include "cli/fold/schedule_view.h"
#include "cli/settings/values.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

constexpr uint32_t kAround = 5;  // steps and lines shown before and after

std::string said(const std::optional<std::string>& value) {
  return value ? one_line(*value) : std::string("-");
}
Json json_of(const std::optional<std::string>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

Reply Session::list(const Words& words) {
  if (words.size() > 2) throw std::string("must have two steps at most");
  uint32_t first = step_ > kAround ? step_ - kAround : 1;
  uint32_t last = std::min(here().size(), step_ + kAround);
  if (!words.empty()) first = last = step_argument(words[0]);
  if (words.size() == 2) last = step_argument(words[1]);
  if (words.size() == 1) last = here().size();
  Reply reply;
  Json steps = Json::array();
  for (const Event& e : here().recording.events) {
    if (e.step < first || e.step > last) continue;
    reply.text += fmt::format("{} {:>4}  {}\n", e.step == step_ ? '>' : ' ', e.step, event_line(e));
    steps.push_back(event_json(e));
  }
  reply.json["list"] = std::move(steps);
  return reply;
}

Reply Session::shown(const Words& words, std::span<const std::string_view> kinds,
                     const char* none) {
  Reply reply;
  Json all = Json::array();
  std::string last;
  for (const Shown& s : walk_.state(line_, step_)) {
    if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), s.what) == kinds.end()) continue;
    if (!is_meant(s, words)) continue;
    reply.text += fmt::format("  {} = {}\n", one_line(name_of(s)), one_line(s.value));
    all.push_back(shown_json(s));
  }
  if (all.empty()) reply.text = fmt::format("  {}\n", none);
  reply.json["state"] = std::move(all);
  return reply;
}

Reply Session::state(const Words& words) { return shown(words, {}, "nothing has such a name"); }
Reply Session::process(const Words& words) {
  static constexpr std::string_view kKinds[] = {"process", "variable", "dictionary",
                                                "mailbox", "timer",    "name"};
  return shown(words, kKinds, "no such process");
}
Reply Session::mailbox(const Words& words) {
  static constexpr std::string_view kKinds[] = {"mailbox", "on its way"};
  return shown(words, kKinds, "no message is there or on its way");
}
Reply Session::table(const Words& words) {
  static constexpr std::string_view kKinds[] = {"table", "atomics", "counters", "lock",
                                                "persistent_term"};
  return shown(words, kKinds, "no such table");
}

Reply Session::diff(const Words& words) {
  if (words.size() > 2) throw std::string("must have two steps at most");
  const uint32_t a = words.empty() ? step_ - std::min(step_, 1u) : step_argument(words[0]);
  const uint32_t b = words.size() == 2 ? step_argument(words[1]) : step_;
  Reply reply;
  Json all = Json::array();
  for (const Difference& d : walk_.difference(line_, a, b)) {
    reply.text +=
        fmt::format("  {}: {} -> {}\n", one_line(name_of(d.what)), said(d.before), said(d.after));
    all.push_back(
        {{"name", name_of(d.what)}, {"before", json_of(d.before)}, {"after", json_of(d.after)}});
  }
  reply.text = fmt::format("after step {} and after step {}{}\n", a, b,
                           all.empty() ? ": the same state" : ":") +
               reply.text;
  reply.json["a"] = a, reply.json["b"] = b;
  reply.json["differences"] = std::move(all);
  return reply;
}

Reply Session::writes(const Words& words) {
  Reply reply;
  Json all = Json::array();
  for (const Write& w : writes_of(words)) {
    const Event* e = event(w.step);
    reply.text += fmt::format("  step {}: {}: {}\n      {}\n", w.step, one_line(name_of(w.what)),
                              w.changed() ? said(w.before) + " -> " + said(w.after)
                              : w.after   ? said(w.after) + ", as before"
                                          : "not there, as before",
                              e ? event_line(*e) : "");
    all.push_back({{"step", w.step},
                   {"name", name_of(w.what)},
                   {"before", json_of(w.before)},
                   {"after", json_of(w.after)},
                   {"changed", w.changed()},
                   {"by", e ? event_json(*e) : Json(nullptr)}});
  }
  if (all.empty()) reply.text = "  no step of this line writes it\n";
  reply.json["writes"] = std::move(all);
  return reply;
}

Reply Session::source(const Words&) {
  const Event* e = event(std::max(step_, 1u));
  std::string file;
  uint32_t line = 0;
  Reply reply;
  if (!e || !split_site(e->site, &file, &line)) {
    reply.text = "  this step has no line of its own\n";
    return reply;
  }
  reply.json["file"] = file, reply.json["at"] = line;
  Json lines = Json::array();
  for (const TraceFile& f : traced_.trace.files) {
    if (f.name != file) continue;
    const auto all = split(f.text, '\n');
    const size_t first = line > kAround ? line - kAround : 1;
    for (size_t n = first; n <= std::min<size_t>(all.size(), line + kAround); n++) {
      reply.text += fmt::format("{} {:>5} | {}\n", n == line ? '>' : ' ', n, harmless(all[n - 1]));
      lines.push_back(all[n - 1]);
    }
    reply.json["first"] = first;
  }
  reply.json["lines"] = std::move(lines);
  return reply;
}

}  // namespace lockstep::cli
