#include "engine/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/deviation.h"
#include "engine/ends.h"
#include "engine/make_trace.h"
#include "engine/recorder.h"
#include "engine/slice.h"

namespace lockstep {
namespace {

constexpr size_t kMostEvents = 5000;

bool in_conflict(const Event& a, const Event& b) {
  for (const Footprint& f : a.footprint)
    for (const Footprint& g : b.footprint)
      if (conflicting(f, g)) return true;
  return strikes(a, b) || strikes(b, a);
}

// The recorded decisions with one race turned round: up to `first` as recorded, then the others in
// their order while the first one's actor is held up until `second` is done, then all that is left.
class TurnedRound : public Chooser {
 public:
  TurnedRound(const std::vector<Decision>& recorded, uint32_t first, uint32_t second)
      : recorded_(recorded), used_(recorded.size()), first_(first), second_(second) {}

  size_t choose(const ChoicePoint& point) override {
    const size_t i = point.data ? value(point) : alternative(point);
    if (i != kStop) scheduler_.took(point, i);
    return i;
  }
  bool turned() const { return used_.empty() || used_[second_]; }

 private:
  bool held(ActorId actor) const {
    return next_ >= first_ && !used_[second_] && actor == recorded_[first_].actor;
  }

  size_t value(const ChoicePoint& point) {
    for (size_t i = next_; i < recorded_.size(); i++) {
      const Decision d = recorded_[i];
      if (used_[i] || d.kind() != AltKind::data || d.actor != point.last) continue;
      used_[i] = true;
      return d.value() < point.count ? d.value() : 0;
    }
    return 0;
  }

  size_t alternative(const ChoicePoint& point) {
    while (next_ < recorded_.size() && used_[next_]) next_++;
    for (size_t i = next_; i < recorded_.size(); i++) {
      const Decision d = recorded_[i];
      if (used_[i] || d.kind() == AltKind::data || held(d.actor) || !point.has(d.actor)) continue;
      const size_t at = point.position[d.actor];
      if (point.alternatives[at].kind != d.kind()) continue;
      used_[i] = true;
      return at;
    }
    if (!turned()) return kStop;  // the second one cannot come first
    return scheduler_.pick(point);
  }

  const std::vector<Decision>& recorded_;
  std::vector<bool> used_;
  const uint32_t first_, second_;  // decisions, 0-based
  size_t next_ = 0;
  DefaultScheduler scheduler_;
};

// "P1 send P2 {"get"} (step 3, a.lua:9)", with no more of the arguments than tells one call from
// another.
std::string with_step(const Event& e) {
  constexpr size_t kMostArguments = 48;
  std::string text = event_label(e);
  if (!e.args.empty() && e.args.size() <= kMostArguments) text += " " + e.args;
  return fmt::format("{} (step {}{}{})", text, e.step, e.site.empty() ? "" : ", ", e.site);
}

// Could `b` have come without `a`? A poll that found a message could have found none.
bool independent(const Event& a, const Event& b) {
  if (std::find(b.causes.begin(), b.causes.end(), a.step) == b.causes.end()) return true;
  return std::any_of(b.footprint.begin(), b.footprint.end(), [&](const Footprint& f) {
    return f.access == Access::poll &&
           std::any_of(a.footprint.begin(), a.footprint.end(), [&](const Footprint& g) {
             return g.access == Access::append && overlap(f.object, g.object);
           });
  });
}

// Two timers of one time, both there when the first one fired: whatever that led to.
bool together(const Event& a, const Event& b) {
  return a.at_rest == b.at_rest && (b.causes.empty() || b.causes.back() < a.step);
}

using Past = std::vector<std::vector<bool>>;

// A release without which `b`, which takes a lock, could not be.
bool only_frees(const Event& a, const Event& b) {
  return a.actor != b.actor && a.op == b.op && in_conflict(a, b) &&
         std::find(b.causes.begin(), b.causes.end(), a.step) != b.causes.end();
}

// Taking a lock races with the take before it: the release between lies on a path from one to the
// other, but who took the lock first decided that too.
void race_of_takes(std::span<const Event> events, uint32_t b, const std::vector<uint32_t>& before,
                   const Past& past, std::vector<Race>* races) {
  uint32_t a = b;
  while (a-- > 0)
    if (events[a].acquires && in_conflict(events[a], events[b])) break;
  if (a > b || events[a].actor == events[b].actor) return;
  const bool ordered = std::any_of(before.begin(), before.end(), [&](uint32_t c) {
    // With nothing between them they are a race already.
    return c == a || (past[c][a] && !only_frees(events[c], events[b]));
  });
  if (!ordered) races->push_back({a, b});
}

}  // namespace

std::vector<Race> immediate_races(std::span<const Event> events) {
  std::vector<Race> races;
  const size_t n = events.size();
  if (n > kMostEvents) return races;
  const auto before = happens_before(events);
  Past past(n, std::vector<bool>(n));
  for (uint32_t b = 0; b < n; b++)
    for (const uint32_t a : before[b]) {
      past[b][a] = true;
      for (uint32_t k = 0; k < a; k++)
        if (past[a][k]) past[b][k] = true;
    }
  for (uint32_t b = static_cast<uint32_t>(n); b-- > 0;) {
    if (events[b].at_rest) {
      for (uint32_t a = 0; a < b; a++)
        if (together(events[a], events[b]) && in_conflict(events[a], events[b]))
          races.push_back({a, b});
      continue;
    }
    for (const uint32_t a : before[b]) {
      if (events[a].actor == events[b].actor || events[a].step == events[b].step) continue;
      if (!in_conflict(events[a], events[b])) continue;
      if (!independent(events[a], events[b])) continue;
      const bool ordered = std::any_of(before[b].begin(), before[b].end(),
                                       [&](uint32_t c) { return c != a && past[c][a]; });
      if (!ordered) races.push_back({a, b});
    }
    if (events[b].acquires) race_of_takes(events, b, before[b], past, &races);
  }
  return races;
}

Explanation explain(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
                    const ExplainOptions& options) {
  Explanation result;
  uint64_t decisions = 0;
  const auto spent = [&] {
    return result.attempts >= options.max_attempts || decisions >= options.max_decisions ||
           (options.interrupted && *options.interrupted);
  };
  const std::string signature = failing.outcome.signature();
  const CountInstructions counting(system, failing.outcome.verdict == Verdict::runaway);
  const auto races = immediate_races(failing.events);
  result.races = static_cast<uint32_t>(races.size());
  result.complete = failing.events.size() <= kMostEvents;
  for (const Race& race : races) {
    if (spent()) {
      result.complete = false;
      break;
    }
    const Event& a = failing.events[race.first];
    const Event& b = failing.events[race.second];
    if (a.step == 0 || b.step == 0 || b.step > failing.decisions.size()) continue;
    TurnedRound chooser(failing.decisions, a.step - 1, b.step - 1);
    system.begin(seed, iteration);
    const Outcome outcome = system.run(chooser);
    result.attempts++;
    // Nobody knows how long a step computes; one that runs away costs as much as very many.
    decisions += outcome.verdict == Verdict::runaway ? options.max_decisions / 3 + 1
                                                     : system.decisions().size();
    if (outcome.verdict == Verdict::stopped || !chooser.turned()) continue;
    result.turned++;
    if (outcome.failed() && outcome.signature() != signature) result.other_failures++;
    if (outcome.verdict != Verdict::passed) continue;
    result.culprits.push_back({a.step, b.step, event_text(a), event_text(b)});
    if (result.sentence.empty())
      result.sentence = fmt::format("{} comes before {}; the other way round it passes",
                                    with_step(a), with_step(b));
  }
  return result;
}

}  // namespace lockstep
