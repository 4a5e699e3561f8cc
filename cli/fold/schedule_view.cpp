#include "cli/fold/schedule_view.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>

#include "engine/relation/slice.h"

namespace lockstep::cli {
namespace {

using Events = std::vector<Event>;

constexpr uint32_t kTail = 40;  // steps shown of an execution that ended at a bound

// What never happens depends on nothing: of such failures all steps are shown, too.
bool at_bound(Verdict v) {
  return v == Verdict::liveness || v == Verdict::step_bound || v == Verdict::runaway ||
         v == Verdict::memory_bound;
}

bool is_step(const Event& e) { return e.kind == AltKind::step || e.kind == AltKind::data; }

// The causal slice of the failure. A deadlock has no failing step of its own: it depends on
// whatever brought each process that still waits to where it waits.
std::vector<uint32_t> failure_slice(const Trace& trace) {
  const auto& events = trace.events;
  const auto last = static_cast<uint32_t>(events.size() - 1);
  if (trace.outcome.verdict != Verdict::deadlock) return causal_slice(events, last);
  std::map<uint32_t, uint32_t> last_of;
  for (uint32_t i = 0; i < events.size(); i++)
    if (is_step(events[i])) last_of[events[i].process] = i;
  std::vector<uint32_t> slice = {last};
  for (const auto& [process, index] : last_of) {
    if (events[index].op == OpKind::exit) continue;
    const auto part = causal_slice(events, index);
    slice.insert(slice.end(), part.begin(), part.end());
  }
  std::sort(slice.begin(), slice.end());
  slice.erase(std::unique(slice.begin(), slice.end()), slice.end());
  return slice;
}

// The last steps of the stem, and the loop once.
std::vector<uint32_t> lasso_steps(const Events& events, const Lasso& lasso) {
  std::vector<uint32_t> shown;
  for (uint32_t i = 0; i < events.size(); i++)
    if ((events[i].step <= lasso.stem_end && events[i].step + kTail > lasso.stem_end) ||
        (events[i].step >= lasso.loop_begin && events[i].step <= lasso.loop_end))
      shown.push_back(i);
  return shown;
}

// Could `process` have taken its next step already at event `at`? Yes if everything that step
// needed had happened.
bool could_go_on(const Events& events, uint32_t process, uint32_t at) {
  for (uint32_t i = at; i < events.size(); i++) {
    if (!is_step(events[i]) || events[i].process != process) continue;
    const auto before = events[at].step;
    return std::all_of(events[i].causes.begin(), events[i].causes.end(),
                       [&](uint32_t cause) { return cause < before; });
  }
  return false;
}

std::string line_of(const Trace& trace, const std::string& file, uint32_t line) {
  for (const auto& f : trace.files) {
    if (f.name != file) continue;
    size_t at = 0;
    for (uint32_t n = 1; n < line && at != std::string::npos; n++) {
      at = f.text.find('\n', at);
      if (at != std::string::npos) at++;
    }
    if (at == std::string::npos || at >= f.text.size()) return {};
    auto text = f.text.substr(at, f.text.find('\n', at) - at);
    if (!text.empty() && text.back() == '\r') text.pop_back();
    return text;
  }
  return {};
}

void collect_sources(const Trace& trace, ScheduleView* view) {
  std::map<std::pair<std::string, uint32_t>, std::vector<uint32_t>> places;
  const auto note = [&](const std::string& site, uint32_t step) {
    std::string file;
    uint32_t line = 0;
    if (!split_site(site, &file, &line)) return;
    auto& steps = places[{file, line}];
    if (step != 0 && (steps.empty() || steps.back() != step)) steps.push_back(step);
  };
  for (const auto& shown : view->steps)
    note(trace.events[shown.event].site, trace.events[shown.event].step);
  note(trace.outcome.site, 0);
  for (auto& [place, steps] : places) {
    auto text = line_of(trace, place.first, place.second);
    if (!text.empty())
      view->sources.push_back({place.first, place.second, std::move(text), std::move(steps)});
  }
}

}  // namespace

bool split_site(const std::string& site, std::string* file, uint32_t* line) {
  const auto colon = site.rfind(':');  // a file's name may have some
  if (colon == std::string::npos) return false;
  const char* begin = site.data() + colon + 1;
  const auto [end, error] = std::from_chars(begin, site.data() + site.size(), *line);
  *file = site.substr(0, colon);
  return error == std::errc() && end != begin;
}

std::string source_line(const Trace& trace, const std::string& site) {
  std::string file;
  uint32_t line = 0;
  return split_site(site, &file, &line) ? line_of(trace, file, line) : std::string();
}

bool parse_lasso(const Outcome& outcome, Lasso* lasso) {
  return outcome.verdict == Verdict::liveness &&
         std::sscanf(outcome.detail.c_str(), "stem: steps 1 to %u\nloop: steps %u to %u",
                     &lasso->stem_end, &lasso->loop_begin, &lasso->loop_end) == 3;
}

ScheduleView view_schedule(const Trace& trace, bool slice) {
  ScheduleView view;
  const auto& events = trace.events;
  if (events.empty()) return view;
  std::vector<uint32_t> shown;
  view.tail = slice && at_bound(trace.outcome.verdict) && events.size() > kTail;
  Lasso lasso;
  if (slice && parse_lasso(trace.outcome, &lasso))
    shown = lasso_steps(events, lasso);
  else if (slice && trace.outcome.failed() && !at_bound(trace.outcome.verdict))
    shown = failure_slice(trace);
  if (shown.empty())
    for (auto i = view.tail ? static_cast<uint32_t>(events.size()) - kTail : 0; i < events.size();
         i++)
      shown.push_back(i);
  view.sliced = shown.size() < events.size();
  std::map<uint32_t, std::string> names;
  const Event* before = nullptr;
  for (const auto index : shown) {
    const auto& event = events[index];
    ShownStep step{index, false, false, trace.outcome.failed() && index + 1 == events.size()};
    if (is_step(event)) {
      step.switched = before && before->process != event.process;
      step.preempted = step.switched && could_go_on(events, before->process, index);
      before = &event;
      names[event.process] = event.who;
    } else {
      names.try_emplace(event.process, event.target.empty() ? event.who : event.target);
    }
    view.steps.push_back(step);
  }
  for (auto& [process, name] : names) view.processes.push_back({process, name});
  collect_sources(trace, &view);
  return view;
}

}  // namespace lockstep::cli
