#include "engine/trace/trace_replay.h"

#include <fmt/format.h>

#include "engine/boundary/recorder.h"
#include "engine/trace/make_trace.h"
#include "engine/trace/replay.h"

namespace lockstep {
namespace {

using Kind = TraceDivergence::Kind;

// Follows the decisions and compares what comes of each. Stops at the first difference. Without
// events (time was up before it was recorded) labels are made from decisions alone, and not
// compared.
class StrictChooser : public Chooser, public EventSink {
 public:
  explicit StrictChooser(const Trace& trace) : replay_(trace.decisions), trace_(trace) {}

  size_t choose(const ChoicePoint& point) override {
    check_state();
    return kind == Kind::none ? replay_.choose(point) : kStop;
  }

  void on_event(Event&& event) override {
    const uint32_t i = event.step;
    const bool first = events.empty() || events.back().step != i;
    if (first && i > 0 && i <= trace_.labels.size() && !trace_.events.empty() &&
        without_names(event_label(event)) != without_names(trace_.labels[i - 1]))
      leave(Kind::operation, i);
    events.push_back(std::move(event));
  }

  void on_names(const Renamings& names) override { rename(events, names); }

  // Of the last step: an event's digest is of the state after it.
  void check_state() {
    if (events.empty()) return;
    const Event& e = events.back();
    if (e.step == 0 || e.step > trace_.digests.size()) return;
    const uint64_t recorded = trace_.digests[e.step - 1];
    if (recorded != 0 && e.digest != 0 && e.digest != recorded) leave(Kind::state, e.step);
  }

  void finish(const Outcome& outcome, System& system) {
    check_state();
    replay_.end(outcome, system);
    if (const auto& d = replay_.divergence())
      leave(d->ended ? Kind::shorter : d->recorded ? Kind::unavailable : Kind::longer, d->step + 1);
  }

  const Divergence& misfit() const {
    return *replay_.divergence();
  }  // unavailable, longer, shorter

  Kind kind = Kind::none;
  uint32_t step = 0;  // 1-based
  std::vector<Event> events;

 private:
  void leave(Kind k, uint32_t at) {
    if (kind == Kind::none) kind = k, step = at;
  }

  Replay replay_;
  const Trace& trace_;
};

const Event* event_of(const std::vector<Event>& events, uint32_t step) {
  for (const Event& e : events)
    if (e.step == step) return &e;
  return nullptr;
}

std::string recorded_label(const Trace& trace, uint32_t step) {
  if (step > trace.decisions.size()) return "the end: " + trace.outcome.signature();
  return step >= 1 && step <= trace.labels.size() ? trace.labels[step - 1]
                                                  : "step " + std::to_string(step);
}

TraceDivergence describe(const System& system, const Trace& trace, const StrictChooser& chooser,
                         const Outcome& outcome) {
  TraceDivergence d;
  d.kind = chooser.kind;
  d.step = chooser.step;
  if (d.kind == Kind::none) return d;
  d.recorded = recorded_label(trace, d.step);
  const Event* now = event_of(chooser.events, d.step);
  const Event* then = event_of(trace.events, d.step);
  if (d.kind == Kind::operation) {
    d.actual = event_label(*now);
  } else if (d.kind == Kind::state) {
    if (then) d.recorded = event_text(*then);
    d.actual = now ? event_text(*now) : d.recorded;
    if (d.actual == d.recorded) d.actual += ", but the state after it differs";
  } else if (d.kind == Kind::shorter) {
    d.actual = "the end: " + outcome.signature();
  } else {
    const Divergence& misfit = chooser.misfit();
    for (const Alternative& a : misfit.offered) d.available.push_back(alternative_label(system, a));
    if (misfit.data) d.available.push_back(fmt::format("a choice among {} values", misfit.count));
    d.actual = fmt::format("{}", fmt::join(d.available, " or "));
    // The recorded process, if it is there but about to do something else, says more than the whole
    // list.
    for (size_t i = 0; i < misfit.offered.size(); i++)
      if (misfit.recorded && misfit.offered[i].actor == misfit.recorded->actor)
        d.actual = d.available[i];
  }
  return d;
}

}  // namespace

ReplayResult replay_strict(System& system, const Trace& trace, const ReplayContext& context) {
  ReplayResult result;
  CountInstructions counting(system, trace.outcome.verdict == Verdict::runaway);
  for (;;) {
    StrictChooser chooser(trace);
    system.record(&chooser);
    system.begin(trace.seed, trace.iteration);
    const Outcome outcome = system.run(chooser);
    system.record(nullptr);
    if (outcome.verdict == Verdict::suspect && !counting.on()) {
      counting.start();
      continue;
    }
    chooser.finish(outcome, system);
    result.divergence = describe(system, trace, chooser, outcome);
    if (chooser.kind != Kind::none) result.divergence.causes = probable_causes(trace, context);
    result.recording.outcome = outcome;
    const auto decisions = system.decisions();
    result.recording.decisions.assign(decisions.begin(), decisions.end());
    result.recording.events = std::move(chooser.events);
    break;
  }
  const Outcome& outcome = result.recording.outcome;
  if (result.divergence.kind != Kind::none)
    result.kind = ReplayResult::diverged;
  else if (outcome.verdict == Verdict::passed)
    result.kind = ReplayResult::passed;
  else if (outcome.signature() == trace.outcome.signature())
    result.kind = ReplayResult::reproduced;
  else if (outcome.verdict == Verdict::misuse)
    result.kind = ReplayResult::misuse;
  else
    result.kind = outcome.failed() ? ReplayResult::other_failure : ReplayResult::passed;
  return result;
}

}  // namespace lockstep
