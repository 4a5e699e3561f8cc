// The recorded schedule on an edited scenario, and the reasons why two replays may differ.
#include <fmt/format.h>

#include "engine/boundary/recorder.h"
#include "engine/relation/dependence.h"
#include "engine/trace/deviation.h"
#include "engine/trace/make_trace.h"
#include "engine/trace/trace_replay.h"

namespace lockstep {
namespace {

constexpr size_t kLookAhead =
    64;  // own recorded steps of a process in which its pending operation is looked for

// A recorded decision as far as it can be recognised in another program.
struct Recorded {
  uint64_t actor = 0;
  AltKind kind = AltKind::step;
  uint32_t value = 0;  // OpKind, or the value chosen
  Access access = Access::none;
  ObjectId object = 0;
  bool known = false;  // access and object are
  bool used = false;
};

class LenientChooser : public Chooser {
 public:
  LenientChooser(const Trace& trace, const System& system, bool objects)
      : by_key_(!trace.keys.empty()), objects_(objects) {
    keys_.begin(system);
    scheduler_.begin();
    for (size_t i = 0; i < trace.decisions.size(); i++) {
      const Decision d = trace.decisions[i];
      recorded_.push_back({by_key_ ? trace.keys[i] : d.actor, d.kind(), d.value()});
    }
    for (const Event& e : trace.events) {
      if (e.step == 0 || e.step > recorded_.size() || recorded_[e.step - 1].known) continue;
      Recorded& r = recorded_[e.step - 1];
      r.known = true;
      if (e.footprint.empty() || is_order_alone(e.footprint[0].object)) continue;  // no main object
      r.access = e.footprint[0].access, r.object = e.footprint[0].object;
    }
  }

  size_t choose(const ChoicePoint& point) override {
    const size_t i = point.data ? value(point) : alternative(point);
    scheduler_.took(point, i);
    return i;
  }

  // The first recorded step (1-based) that could not be followed, 0 if there is none, and what
  // there was.
  uint32_t left_at = 0;
  std::vector<Alternative> alternatives;
  uint32_t values = 0;

 private:
  uint64_t actor_of(ActorId actor) { return by_key_ ? keys_(actor) : actor; }

  bool fits(const Recorded& r, const Alternative& a) const {
    if (r.kind != a.kind || r.value != static_cast<uint32_t>(a.op.kind)) return false;
    return !r.known || (r.access == a.op.access && (!objects_ || r.object == a.op.object));
  }

  void note(size_t recorded, const ChoicePoint& point, size_t actual) {
    if (left_at) return;
    left_at = static_cast<uint32_t>(recorded + 1);
    if (point.data)
      values = point.count;
    else if (actual < point.alternatives.size())
      alternatives.assign(1, point.alternatives[actual]);
    else
      alternatives.assign(point.alternatives.begin(), point.alternatives.end());
  }

  size_t find(const ChoicePoint& point, uint64_t key) {
    for (size_t i = 0; i < point.alternatives.size(); i++)
      if (actor_of(point.alternatives[i].actor) == key) return i;
    return kStop;
  }

  size_t value(const ChoicePoint& point) {
    const uint64_t asker = actor_of(point.last);
    for (size_t i = next_; i < recorded_.size(); i++) {
      Recorded& r = recorded_[i];
      if (r.used || r.actor != asker || r.kind != AltKind::data) continue;
      r.used = true;
      if (r.value < point.count) return r.value;
      note(i, point, kStop);
      return 0;
    }
    return 0;
  }

  size_t alternative(const ChoicePoint& point) {
    for (;; next_++) {
      if (next_ == recorded_.size()) return scheduler_.pick(point);
      if (recorded_[next_].used) continue;
      if (recorded_[next_].kind != AltKind::data) break;
      note(next_, point, kStop);  // a choice that is not made any more
    }
    // Who was next, if it can go; else whoever was after it.
    for (size_t i = next_; i < recorded_.size(); i++) {
      const Recorded& r = recorded_[i];
      if (r.used || r.kind == AltKind::data) continue;
      const size_t found = find(point, r.actor);
      if (found == kStop) {
        note(i, point, kStop);
        continue;
      }
      consume(i, point, found);
      return found;
    }
    return scheduler_.pick(point);
  }

  // The alternative is about to be taken for the recorded decision i of the same actor.
  void consume(size_t i, const ChoicePoint& point, size_t found) {
    const Alternative& a = point.alternatives[found];
    if (!fits(recorded_[i], a)) note(i, point, found);
    const uint64_t actor = recorded_[i].actor;
    size_t own = 0;
    for (size_t k = i; k < recorded_.size() && own < kLookAhead; k++) {
      if (recorded_[k].used || recorded_[k].actor != actor || recorded_[k].kind == AltKind::data)
        continue;
      own++;
      if (!fits(recorded_[k], a)) continue;
      for (size_t j = i; j <= k; j++)  // those before it are gone from the program
        if (recorded_[j].actor == actor) recorded_[j].used = true;
      return;
    }
    // None fits: an operation that is new.
  }

  const bool by_key_;
  const bool objects_;  // the same operation on another object is another operation
  ActorKeys keys_;
  DefaultScheduler scheduler_;
  std::vector<Recorded> recorded_;
  size_t next_ = 0;
};

// The text of "file:line", without the spaces around it; empty if it is not there.
std::string line_at(const std::vector<TraceFile>& files, const std::string& site) {
  const size_t colon = site.rfind(':');
  if (colon == std::string::npos) return {};
  const long line = std::atol(site.c_str() + colon + 1);
  for (const TraceFile& f : files) {
    if (f.name != site.substr(0, colon)) continue;
    size_t start = 0;
    for (long i = 1; i < line && start != std::string::npos; i++) {
      start = f.text.find('\n', start);
      if (start != std::string::npos) start++;
    }
    if (line < 1 || start == std::string::npos) return {};
    std::string text = f.text.substr(start, f.text.find('\n', start) - start);
    const size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
  }
  return {};
}

// The first line in which the texts differ, 1-based; 0 if they are equal.
size_t first_difference(const std::string& a, const std::string& b) {
  if (a == b) return 0;
  size_t line = 1;
  for (size_t i = 0; i < a.size() && i < b.size() && a[i] == b[i]; i++) line += a[i] == '\n';
  return line;
}

}  // namespace

bool same_failure(const Outcome& a, const std::vector<TraceFile>& then, const Outcome& b,
                  const std::vector<TraceFile>& now) {
  if (a.verdict != b.verdict || a.object != b.object) return false;
  if (now.empty() || then.empty()) return a.site == b.site;
  const std::string text = line_at(then, a.site);
  return text.empty() ? a.site == b.site : text == line_at(now, b.site);
}

std::vector<std::string> probable_causes(const Trace& trace, const ReplayContext& context) {
  std::vector<std::string> causes;
  for (const TraceFile& f : context.files) {
    const TraceFile* then = nullptr;
    for (const TraceFile& g : trace.files)
      if (g.name == f.name) then = &g;
    if (!then && &f == &context.files[0] && !trace.files.empty())
      then = &trace.files[0];  // renamed
    if (!then)
      causes.push_back(fmt::format("the scenario was edited: {} is new", f.name));
    else if (const size_t line = first_difference(then->text, f.text))
      causes.push_back(
          fmt::format("the scenario was edited: {} differs from line {} on", f.name, line));
  }
  for (const auto& [name, value] : context.options) {
    const auto then = trace.options.find(name);
    if (then == trace.options.end())
      causes.push_back(fmt::format("other options: {} is {}, the trace does not say", name, value));
    else if (then->second != value)
      causes.push_back(fmt::format("other options: {} is {}, was {}", name, value, then->second));
  }
  if (context.fingerprint != 0 && trace.fingerprint != 0 &&
      context.fingerprint != trace.fingerprint)
    causes.push_back(
        fmt::format("another Lua interpreter: fingerprint {:016x}, the trace has {:016x}",
                    context.fingerprint, trace.fingerprint));
  if (!context.tool_version.empty() && !trace.tool_version.empty() &&
      context.tool_version != trace.tool_version)
    causes.push_back(fmt::format("another version of lockstep: {}, the trace is by {}",
                                 context.tool_version, trace.tool_version));
  if (causes.empty())
    causes.push_back("nothing that was compared differs: a bug in lockstep, please report it");
  return causes;
}

namespace {

ReplayResult follow(System& system, const Trace& trace, const ReplayContext& context,
                    bool objects) {
  ReplayResult result;
  CountInstructions counting(system, trace.outcome.verdict == Verdict::runaway);
  for (bool again = true; again;) {
    Recorder recorder;
    system.record(&recorder);
    system.begin(trace.seed, trace.iteration);
    LenientChooser chooser(trace, system, objects);
    const Outcome outcome = system.run(chooser);
    system.record(nullptr);
    again = outcome.verdict == Verdict::suspect && !counting.on();
    if (again) {
      counting.start();
      continue;
    }
    if (chooser.left_at) {
      TraceDivergence& d = result.divergence;
      d.kind = TraceDivergence::unavailable;
      d.step = chooser.left_at;
      d.recorded = d.step <= trace.labels.size() ? trace.labels[d.step - 1] : "";
      for (const Alternative& a : chooser.alternatives)
        d.available.push_back(alternative_label(system, a));
      if (chooser.values)
        d.available.push_back(fmt::format("a choice among {} values", chooser.values));
      d.actual = fmt::format("{}", fmt::join(d.available, " or "));
      d.causes = probable_causes(trace, context);
    }
    result.recording.outcome = outcome;
    const auto decisions = system.decisions();
    result.recording.decisions.assign(decisions.begin(), decisions.end());
    result.recording.events = std::move(recorder.events);
  }
  const Outcome& outcome = result.recording.outcome;
  if (outcome.verdict == Verdict::misuse)
    result.kind = ReplayResult::misuse;
  else if (outcome.failed())
    result.kind = same_failure(trace.outcome, trace.files, outcome, context.files)
                      ? ReplayResult::reproduced
                      : ReplayResult::other_failure;
  else
    result.kind = result.divergence.kind == TraceDivergence::none ? ReplayResult::passed
                                                                  : ReplayResult::diverged;
  return result;
}

}  // namespace

ReplayResult replay_edited(System& system, const Trace& trace, const ReplayContext& context) {
  // An edit that creates a table more gives all later ones other numbers, and then no object is
  // what it was: so if the failure does not show with objects compared, it may without.
  ReplayResult strict = follow(system, trace, context, true);
  if (strict.divergence.kind == TraceDivergence::none || strict.kind == ReplayResult::reproduced)
    return strict;
  ReplayResult loose = follow(system, trace, context, false);
  const bool better =
      loose.kind == ReplayResult::reproduced ||
      (strict.kind == ReplayResult::diverged && loose.kind == ReplayResult::other_failure);
  return better ? loose : strict;
}

}  // namespace lockstep
