#include "engine/explain/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/boundary/recorder.h"
#include "engine/relation/dependence.h"
#include "engine/relation/immediate_races.h"
#include "engine/trace/deviation.h"
#include "engine/trace/make_trace.h"

namespace lockstep {
namespace {

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

// A race reversed: until the second one is done.
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

Explanation explain(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
                    const ExplainOptions& options) {
  Explanation result;
  uint64_t decisions = 0;
  const auto spent = [&] {
    return result.attempts >= options.max_attempts || decisions >= options.max_decisions ||
           (options.interrupted && *options.interrupted) || system.cut();
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
      failing.events.size() <= kMostRaceEvents ? cut_off(failing.events) : std::vector<CutOff>();
  result.races = static_cast<uint32_t>(races.size() + ends.size());
  result.complete = failing.events.size() <= kMostRaceEvents;
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
