#include "engine/trace/trace_diff.h"

#include <algorithm>
#include <map>

#include "engine/relation/dependence.h"
#include "engine/trace/make_trace.h"

namespace lockstep {
namespace {

constexpr uint32_t kNone = 0xffffffff;

// Who and what, the value that was chosen aside: it is a result here.
std::string name_of(const Event& e) {
  return without_names(e.who + " " + e.what + (e.target.empty() ? "" : " " + e.target));
}

std::vector<std::string> names_of(const Trace& t) {
  std::map<std::string, uint32_t> counts;
  std::vector<std::string> names;
  for (const Event& e : t.events) {
    auto name = name_of(e);
    name += '#' + std::to_string(counts[name]++);
    names.push_back(std::move(name));
  }
  return names;
}

bool alike(const Event& a, const Event& b) {
  return event_text(a) == event_text(b) && a.change == b.change;
}

void compare_sources(const Trace& a, const Trace& b, TraceDiff* diff) {
  std::map<std::string, std::pair<const std::string*, const std::string*>> files;
  for (const TraceFile& f : a.files) files[f.name].first = &f.text;
  for (const TraceFile& f : b.files) files[f.name].second = &f.text;
  for (const auto& [name, texts] : files)
    if (!texts.first || !texts.second || *texts.first != *texts.second)
      diff->sources.push_back(name);
  std::map<std::string, std::pair<std::string, std::string>> options;
  for (const auto& [name, value] : a.options) options[name].first = value;
  for (const auto& [name, value] : b.options) options[name].second = value;
  for (const auto& [name, values] : options) {
    const auto said = [](const std::string& v) { return v.empty() ? std::string("-") : v; };
    if (values.first != values.second)
      diff->options.push_back(name + ": " + said(values.first) + ", " + said(values.second));
  }
  diff->other_source = !diff->sources.empty();
  diff->other_options = !diff->options.empty();
}

// Of the orders that are turned those that no other one implies: for each second step the latest
// first one of each actor.
void compare_orders(const Trace& a, const std::vector<uint32_t>& in_b, TraceDiff* diff) {
  if (a.events.size() > kMostDiffEvents) return;
  for (uint32_t y = 0; y < a.events.size(); y++) {
    if (in_b[y] == kNone) continue;
    std::vector<ActorId> seen;
    for (uint32_t x = y; x-- > 0;) {
      const Event &first = a.events[x], &second = a.events[y];
      if (in_b[x] == kNone || in_b[x] < in_b[y] || first.actor == second.actor) continue;
      if (std::find(seen.begin(), seen.end(), first.actor) != seen.end()) continue;
      if (!conflicting(first.footprint, second.footprint)) continue;
      seen.push_back(first.actor);
      diff->turned.push_back({{x, in_b[x]}, {y, in_b[y]}});
    }
  }
}

}  // namespace

TraceDiff diff_traces(const Trace& a, const Trace& b) {
  TraceDiff diff;
  compare_sources(a, b, &diff);
  const size_t shorter = std::min(a.events.size(), b.events.size());
  while (diff.common < shorter && alike(a.events[diff.common], b.events[diff.common]))
    diff.common++;
  diff.same = diff.common == a.events.size() && diff.common == b.events.size();
  const auto names = names_of(a), others = names_of(b);
  std::map<std::string, uint32_t> of_b;
  for (uint32_t i = 0; i < others.size(); i++) of_b[others[i]] = i;
  std::vector<uint32_t> in_b(names.size(), kNone);
  std::vector<bool> matched(others.size());
  for (uint32_t i = 0; i < names.size(); i++) {
    const auto it = of_b.find(names[i]);
    if (it == of_b.end()) {
      diff.only_a.push_back(i);
      continue;
    }
    in_b[i] = it->second;
    matched[it->second] = true;
    const Event &then = a.events[i], &now = b.events[it->second];
    if (then.result != now.result || then.change != now.change)
      diff.changed.push_back({i, it->second});
  }
  for (uint32_t i = 0; i < matched.size(); i++)
    if (!matched[i]) diff.only_b.push_back(i);
  compare_orders(a, in_b, &diff);
  return diff;
}

}  // namespace lockstep
