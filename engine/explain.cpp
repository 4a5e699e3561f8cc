#include "engine/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/dependence.h"
#include "engine/deviation.h"
#include "engine/make_trace.h"
#include "engine/recorder.h"
#include "engine/slice.h"

namespace lockstep {
namespace {

constexpr size_t kMostEvents = 5000;

bool in_conflict(const Event& a, const Event& b) { return conflicting(a.footprint, b.footprint); }

// The recorded decisions, but that the actor of the one at `first` is held up there until something
// else is done; meanwhile the others go on in their order, then all that is left.
class HeldUp : public Chooser {
 public:
  HeldUp(const std::vector<Decision>& recorded, uint32_t first)
      : recorded_(recorded), used_(recorded.size()), first_(first) {}

  size_t choose(const ChoicePoint& point) override {
    const size_t i = point.data ? value(point) : alternative(point);
    if (i != kStop) scheduler_.took(point, i);
    return i;
  }
  virtual bool turned() const = 0;  // it is done

 protected:
  // What goes instead of the recorded decision; kStop: nothing.
  virtual size_t instead(const ChoicePoint&) { return kStop; }
  bool at_first() const { return next_ >= first_; }
  bool used(size_t decision) const { return used_.empty() || used_[decision]; }

 private:
  bool held(ActorId actor) const {
    return at_first() && !turned() && actor == recorded_[first_].actor;
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
    if (at_first() && !turned())
      if (const size_t at = instead(point); at != kStop) return at;
    for (size_t i = next_; i < recorded_.size(); i++) {
      const Decision d = recorded_[i];
      if (used_[i] || d.kind() == AltKind::data || held(d.actor) || !point.has(d.actor)) continue;
      const size_t at = point.position[d.actor];
      if (point.alternatives[at].kind != d.kind()) continue;
      used_[i] = true;
      return at;
    }
    if (!turned()) return kStop;  // it cannot come first
    return scheduler_.pick(point);
  }

  const std::vector<Decision>& recorded_;
  std::vector<bool> used_;
  const uint32_t first_;  // a decision, 0-based
  size_t next_ = 0;
  DefaultScheduler scheduler_;
};

// A race turned round: until the second one is done.
class TurnedRound final : public HeldUp {
 public:
  TurnedRound(const std::vector<Decision>& recorded, uint32_t first, uint32_t second)
      : HeldUp(recorded, first), second_(second) {}
  bool turned() const override { return used(second_); }

 private:
  const uint32_t second_;
};

// What ends a process before it can go on, until that one has gone on as far as it can.
class LetGoOn final : public HeldUp {
 public:
  LetGoOn(const std::vector<Decision>& recorded, uint32_t first, uint32_t process)
      : HeldUp(recorded, first), process_(process) {}
  bool turned() const override { return done_; }

 private:
  size_t instead(const ChoicePoint& point) override {
    constexpr uint32_t kMostSteps = 100;
    for (size_t i = 0; i < point.alternatives.size(); i++) {
      const Alternative& a = point.alternatives[i];
      if (a.kind == AltKind::step && a.process == process_ && went_ < kMostSteps) return went_++, i;
    }
    done_ = went_ > 0;
    return kStop;
  }
  const uint32_t process_;
  uint32_t went_ = 0;
  bool done_ = false;
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

// What conflicts with all is ordered with all, so hardly anything is next to it. It may come before
// the latest step of each other actor, or after the next one, if nothing else orders the two.
void races_with_all(std::span<const Event> events, const Past& past, std::vector<Race>* races) {
  for (uint32_t g = 0; g < events.size(); g++) {
    if (!conflicts_with_all(events[g])) continue;
    std::set<ActorId> seen{events[g].actor};
    for (uint32_t a = g; a-- > 0;)
      if (seen.insert(events[a].actor).second && !past[g][a] && events[a].step != events[g].step)
        races->push_back({a, g});
    seen = {events[g].actor};
    for (uint32_t b = g + 1; b < events.size(); b++)
      if (seen.insert(events[b].actor).second && !past[b][g] && events[b].step != events[g].step)
        races->push_back({g, b});
  }
}

// A process that came to no further step by what may have ended it.
struct CutOff {
  uint32_t by;  // index of an event
  uint32_t process;
};
std::vector<CutOff> cut_off(std::span<const Event> events) {
  std::vector<CutOff> found;
  std::set<uint32_t> went_on;
  for (uint32_t i = static_cast<uint32_t>(events.size()); i-- > 0;) {
    const Event& e = events[i];
    if (e.kind == AltKind::step && e.op != OpKind::exit) went_on.insert(e.process);
    if (!may_end(e)) continue;
    for (const Footprint& f : e.footprint)
      if (object_class(f.object) == ObjectClass::steps && f.access == Access::add &&
          !went_on.contains(object_container(f.object)))
        found.push_back({i, object_container(f.object)});
  }
  return found;
}

}  // namespace

std::vector<Race> immediate_races(std::span<const Event> events) {
  std::vector<Race> races;
  const size_t n = events.size();
  if (n > kMostEvents) return races;
  const auto before = happens_before(events, false);
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
  races_with_all(events, past, &races);
  std::stable_sort(races.begin(), races.end(),
                   [](const Race& x, const Race& y) { return x.second > y.second; });
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
  // Does it pass with the chooser?
  const auto passes = [&](HeldUp& chooser) {
    system.begin(seed, iteration);
    const Outcome outcome = system.run(chooser);
    result.attempts++;
    // Nobody knows how long a step computes; one that runs away costs as much as very many.
    decisions += outcome.verdict == Verdict::runaway ? options.max_decisions / 3 + 1
                                                     : system.decisions().size();
    if (outcome.verdict == Verdict::stopped || !chooser.turned()) return false;
    result.turned++;
    if (outcome.failed() && outcome.signature() != signature) result.other_failures++;
    return outcome.verdict == Verdict::passed;
  };
  const auto blame = [&](Culprit culprit, const std::string& first, const std::string& second) {
    if (result.sentence.empty())
      result.sentence =
          fmt::format("{} comes before {}; the other way round it passes", first, second);
    result.culprits.push_back(std::move(culprit));
  };
  const auto races = immediate_races(failing.events);
  const auto ends =
      failing.events.size() <= kMostEvents ? cut_off(failing.events) : std::vector<CutOff>();
  result.races = static_cast<uint32_t>(races.size() + ends.size());
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
    if (passes(chooser))
      blame({a.step, b.step, event_text(a), event_text(b)}, with_step(a), with_step(b));
  }
  for (const CutOff& end : ends) {
    if (spent()) {
      result.complete = false;
      break;
    }
    const Event& a = failing.events[end.by];
    if (a.step == 0 || a.step > failing.decisions.size()) continue;
    LetGoOn chooser(failing.decisions, a.step - 1, end.process);
    if (!passes(chooser)) continue;
    const std::string goes_on = system.object_name(steps_of(end.process)) + " goes on";
    blame({a.step, 0, event_text(a), goes_on}, with_step(a), goes_on);
  }
  return result;
}

}  // namespace lockstep
