#include "engine/trace/make_trace.h"

#include <fmt/format.h>

#include "engine/boundary/recorder.h"

namespace lockstep {
std::string event_label(const Event& event) {
  std::string s = event.who;
  s += ' ';
  s += event.what;
  if (!event.target.empty()) s += ' ' + event.target;
  if (event.kind == AltKind::data && !event.result.empty()) s += " = " + event.result;
  return s;
}

std::string event_text(const Event& event) {
  std::string s = event_label(event);
  if (!event.args.empty()) s += " (" + event.args + ")";
  if (event.kind != AltKind::data && !event.result.empty()) s += " -> " + event.result;
  return s;
}

std::string alternative_label(const System& system, const Alternative& a) {
  std::string s = system.actor_name(a.actor);
  s += ' ';
  s += op_name(a.op.kind);
  if (a.op.object != 0) s += ' ' + system.object_name(a.op.object);
  return s;
}

std::vector<std::string> decision_labels(std::span<const Decision> decisions,
                                         std::span<const Event> events) {
  std::vector<std::string> labels(decisions.size());
  for (const Event& e : events)
    if (e.step >= 1 && e.step <= labels.size() && labels[e.step - 1].empty())
      labels[e.step - 1] = event_label(e);
  for (size_t i = 0; i < labels.size(); i++) {
    const Decision d = decisions[i];
    if (!labels[i].empty()) continue;
    labels[i] = d.kind() == AltKind::data
                    ? fmt::format("actor {} choose = {}", d.actor, d.value())
                    : fmt::format("actor {} {}", d.actor, op_name(static_cast<OpKind>(d.value())));
  }
  return labels;
}

void put_recording(Trace& t, Recording recording) {
  t.labels = decision_labels(recording.decisions, recording.events);
  t.digests.assign(recording.decisions.size(), 0);
  for (const Event& e : recording.events)
    if (e.step >= 1 && e.step <= t.digests.size()) t.digests[e.step - 1] = e.digest;
  t.keys.clear();
  t.keyed.clear();
  t.outcome = std::move(recording.outcome);
  t.decisions = std::move(recording.decisions);
  t.events = std::move(recording.events);
}

bool annotate(Trace& trace, System& system) {
  trace.keys.clear();
  trace.keyed.clear();
  const auto encode = [&] {
    return encode_schedule(system, trace.seed, trace.iteration, trace.decisions);
  };
  Encoding e = encode();
  if (e.outcome.verdict == Verdict::suspect) {
    const CountInstructions counting(system, true);
    e = encode();
  }
  if (!e.followed) return false;
  trace.keys = std::move(e.keys);
  trace.keyed = std::move(e.deviations);
  return true;
}

}  // namespace lockstep
