#include "cli/strict_replay.h"

#include <fmt/format.h>

#include <utility>

#include "cli/report.h"

namespace lockstep::cli {
namespace {

std::string alternative_text(const System& system, const Alternative& a) {
  auto text = fmt::format("{} {}", system.actor_name(a.actor), op_name(a.op.kind));
  if (const auto object = system.object_name(a.op.object); !object.empty()) text += " " + object;
  return text;
}

size_t find(const ChoicePoint& point, const Decision& d) {
  if (point.data != (d.kind() == AltKind::data)) return Chooser::kStop;
  if (point.data)
    return d.actor == point.last && d.value() < point.count ? d.value() : Chooser::kStop;
  for (size_t i = 0; i < point.alternatives.size(); i++) {
    const auto& a = point.alternatives[i];
    if (Decision::make(a.actor, a.kind, static_cast<uint32_t>(a.op.kind)) == d) return i;
  }
  return Chooser::kStop;
}

// What the recorded actor would do now; if it is not there, what could happen at all.
std::string describe(const System& system, const ChoicePoint& point, ActorId recorded) {
  if (point.data) return fmt::format("a choice of {} values", point.count);
  std::string all;
  for (size_t i = 0; i < point.alternatives.size(); i++) {
    const auto& a = point.alternatives[i];
    if (a.actor == recorded) return alternative_text(system, a);
    if (i < 4) all += (all.empty() ? "" : ", ") + alternative_text(system, a);
  }
  if (point.alternatives.size() > 4)
    all += fmt::format(" and {} more", point.alternatives.size() - 4);
  return "one of: " + all;
}

class Collector : public EventSink {
 public:
  void on_event(Event&& event) override { events.push_back(std::move(event)); }
  std::vector<Event> events;
};

void compare(const Trace& trace, Replayed* r) {
  const auto differs = [&](uint32_t step, std::string recorded, std::string actual) {
    r->diverged = true;
    r->step = step;
    r->recorded = std::move(recorded);
    r->actual = std::move(actual);
  };
  const auto label = [&](uint32_t step) {
    return step >= 1 && step <= trace.labels.size() ? trace.labels[step - 1]
                                                    : "the end of the execution";
  };
  for (const auto& event : r->recording.events)
    if (event.step >= 1 && event.step <= trace.digests.size()) {
      const auto recorded = trace.digests[event.step - 1];
      if (recorded != 0 && event.digest != 0 && recorded != event.digest)
        return differs(event.step, label(event.step),
                       event_label(event) + ", which left another state behind");
    }
  const auto steps = r->recording.decisions.size();
  if (steps < trace.decisions.size())
    return differs(static_cast<uint32_t>(steps) + 1, label(static_cast<uint32_t>(steps) + 1),
                   fmt::format("the execution has ended: {}", r->recording.outcome.signature()));
  if (r->recording.outcome.signature() != trace.outcome.signature())
    differs(static_cast<uint32_t>(steps), trace.outcome.signature(),
            r->recording.outcome.signature());
}

}  // namespace

size_t StrictChooser::choose(const ChoicePoint& point) {
  if (point.step < decisions_.size()) {
    const auto index = find(point, decisions_[point.step]);
    if (index != kStop) return index;
  }
  diverged_ = true;
  step_ = point.step + 1;
  actual_ = describe(system_, point,
                     point.step < decisions_.size() ? decisions_[point.step].actor : kNoActor);
  return kStop;
}

Replayed replay_strictly(System& system, const Trace& trace) {
  Replayed r;
  Collector collector;
  StrictChooser chooser(system, trace.decisions);
  system.record(&collector);
  system.begin(trace.seed, trace.iteration);
  r.recording.outcome = system.run(chooser);
  const auto decisions = system.decisions();
  r.recording.decisions.assign(decisions.begin(), decisions.end());
  system.record(nullptr);
  r.recording.events = std::move(collector.events);
  if (chooser.diverged()) {
    r.diverged = true;
    r.step = chooser.step();
    r.recorded =
        r.step <= trace.labels.size() ? trace.labels[r.step - 1] : "the end of the execution";
    r.actual = chooser.actual();
  } else {
    compare(trace, &r);
  }
  return r;
}

}  // namespace lockstep::cli
