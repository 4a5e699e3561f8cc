#include "engine/contrast/fix.h"

#include <algorithm>
#include <cmath>

#include "engine/boundary/recorder.h"
#include "engine/contrast/classes.h"
#include "engine/contrast/keeper.h"

namespace lockstep {
namespace {

constexpr uint32_t kLook = 40;        // executions in which a part's steps are looked for
constexpr uint32_t kTries = 40;       // ... in which a part is kept alone, before it is impossible
constexpr uint64_t kEnoughKept = 50;  // executions that keep all parts
constexpr double kDoubt = 0.001;      // that a failure as likely as the recorded one was missed
constexpr Manner kManners[] = {Manner::follow, Manner::stray, Manner::random, Manner::priority};

class Check {
 public:
  Check(System& recorded, System& edited, const Trace& trace, const ReplayContext& context,
        const FixOptions& options)
      : recorded_(recorded),
        edited_(edited),
        trace_(trace),
        context_(context),
        options_(options),
        tape_(recorded_tape()),
        keeper_(tape_) {}

  FixResult all() {
    explain();
    if (classes() || failed_) return std::move(result_);
    look();
    for (FixPart& p : result_.parts)
      if (p.state == FixPart::kept && !failed_) try_alone(p);
    if (!failed_) keep();
    if (!failed_) judge();
    return std::move(result_);
  }

 private:
  Tape recorded_tape() {
    const Tape none;
    Keeper keeper(none);
    recorded_.begin(trace_.seed, trace_.iteration);
    keeper.begin(recorded_, trace_.decisions);
    const Outcome outcome = recorded_.run(keeper);
    return keeper.take(recorded_, outcome);
  }

  void explain() {
    const Recording recording =
        record_schedule(recorded_, trace_.seed, trace_.iteration, trace_.decisions);
    ContrastOptions how;
    how.interrupted = options_.interrupted;
    const Contrast c = contrast(recorded_, trace_.seed, trace_.iteration, recording, how);
    result_.contrast = c.kind;
    result_.not_told = c.reason;
    for (const ContrastPart& p : c.parts) result_.parts.push_back({p, FixPart::kept});
  }

  bool spent() const {
    return result_.executions >= options_.max_executions || decisions_ >= options_.max_decisions ||
           (options_.interrupted && *options_.interrupted);
  }

  bool counts(const Outcome& o) const {
    return o.verdict == Verdict::misuse ||
           (o.failed() && (!o.at_bound() || trace_.outcome.at_bound()));
  }

  // Of the edited program. False if it could not do what was asked; a failure ends the search.
  bool execute(std::span<const Condition> kept, Manner manner, Tape* out) {
    const uint64_t seed = mix64(trace_.seed ^ 0x666978, ++numbers_);
    edited_.begin(trace_.seed, trace_.iteration);
    keeper_.begin(edited_, kept, {}, manner, seed);
    const Outcome outcome = edited_.run(keeper_);
    *out = keeper_.take(edited_, outcome);
    decisions_ += out->decisions.size();
    if (keeper_.stuck()) return false;
    return sort_in(*out);
  }

  bool sort_in(const Tape& tape) {
    const Outcome& o = tape.outcome;
    if (counts(o)) {
      fail(tape);
      return true;
    }
    if (o.verdict != Verdict::passed) return false;
    result_.executions++;
    Positions at(tape);
    bool all = true, left = true;
    for (const FixPart& p : result_.parts) {
      const bool kept = at.holds(p.part.condition);
      all &= kept && at.about(p.part.condition);
      if (p.state == FixPart::kept) left &= kept;
    }
    result_.kept_all += all && !result_.parts.empty();
    result_.kept_left += left;
    return true;
  }

  void fail(const Tape& tape) {
    failed_ = true;
    const Outcome& o = tape.outcome;
    result_.kind = o.verdict == Verdict::misuse ? FixResult::misuse
                   : same_failure(trace_.outcome, trace_.files, o, context_.files)
                       ? FixResult::still_fails
                       : FixResult::fails_otherwise;
    Positions at(tape);
    result_.keeps = !result_.parts.empty() &&
                    std::all_of(result_.parts.begin(), result_.parts.end(),
                                [&](const FixPart& p) { return at.holds(p.part.condition); });
    result_.failing = record_schedule(edited_, trace_.seed, trace_.iteration, tape.decisions,
                                      result_.all_classes);
  }

  Tape tape_of(const std::vector<Decision>& schedule, Keeper& keeper) {
    edited_.begin(trace_.seed, trace_.iteration);
    keeper.begin(edited_, schedule);
    const Outcome outcome = edited_.run(keeper);
    return keeper.take(edited_, outcome);
  }

  bool classes() {
    std::vector<std::vector<Decision>> schedules;
    result_.all_classes = all_classes(edited_, trace_.seed, trace_.iteration, options_.max_classes,
                                      options_.max_decisions / 2, options_.interrupted, &schedules);
    Keeper keeper(tape_);
    keeper.set_fair_spins(true);
    for (const auto& schedule : schedules) {
      const Tape tape = tape_of(schedule, keeper);
      if (keeper.stuck()) continue;
      if (result_.all_classes || counts(tape.outcome)) sort_in(tape);
      if (failed_) return true;
    }
    if (!result_.all_classes) return false;
    states_of_classes(schedules);
    result_.kind = FixResult::passes;
    return true;
  }

  // Which parts some class keeps, or is at least about.
  void states_of_classes(const std::vector<std::vector<Decision>>& schedules) {
    std::vector<bool> about(result_.parts.size()), kept(result_.parts.size());
    Keeper keeper(tape_);
    keeper.set_fair_spins(true);
    for (const auto& schedule : schedules) {
      const Tape tape = tape_of(schedule, keeper);
      Positions at(tape);
      for (size_t i = 0; i < result_.parts.size(); i++) {
        const Condition& c = result_.parts[i].part.condition;
        about[i] = about[i] || at.about(c);
        kept[i] = kept[i] || (at.about(c) && at.holds(c));
      }
    }
    for (size_t i = 0; i < result_.parts.size(); i++)
      result_.parts[i].state = kept[i]    ? FixPart::kept
                               : about[i] ? FixPart::impossible
                                          : FixPart::gone;
  }

  // Are the steps of each part still done, by anybody of that place?
  void look() {
    std::vector<bool> first(result_.parts.size()), second(result_.parts.size());
    Tape tape;
    for (uint32_t i = 0; i < kLook && !spent() && !failed_; i++) {
      if (!execute({}, kManners[i % 4], &tape)) continue;
      Positions at(tape);
      for (size_t k = 0; k < result_.parts.size(); k++) {
        const Condition& c = result_.parts[k].part.condition;
        first[k] = first[k] || at.has(c.first);
        second[k] = second[k] || c.kind != Condition::order || at.has(c.second);
      }
    }
    for (size_t k = 0; k < result_.parts.size(); k++)
      if (!first[k] || !second[k]) result_.parts[k].state = FixPart::gone;
  }

  void try_alone(FixPart& p) {
    Tape tape;
    bool seen = false;
    for (uint32_t i = 0; i < kTries && !seen && !spent() && !failed_; i++) {
      if (!execute(std::span(&p.part.condition, 1), kManners[i % 4], &tape)) continue;
      Positions at(tape);
      seen = at.holds(p.part.condition);
    }
    if (!seen) p.state = FixPart::impossible;
  }

  std::vector<Condition> left() const {
    std::vector<Condition> parts;
    for (const FixPart& p : result_.parts)
      if (p.state == FixPart::kept) parts.push_back(p.part.condition);
    return parts;
  }

  // Two executions of three keep what is left, the others are free.
  void keep() {
    const auto parts = left();
    Tape tape;
    uint64_t tried = 0;
    while (!spent() && !failed_ && tried++ < 2 * options_.max_executions)
      execute(tried % 3 ? std::span<const Condition>(parts) : std::span<const Condition>(),
              kManners[tried / 3 % 4], &tape);
  }

  // The recorded program under what keep() did to the edited one, as often.
  void calibrate() {
    const auto parts = left();
    Keeper keeper(tape_);
    uint64_t decisions = 0;
    for (uint64_t tried = 1; tried <= 2 * options_.max_executions; tried++) {
      if (result_.recorded >= result_.executions || decisions >= options_.max_decisions ||
          (options_.interrupted && *options_.interrupted))
        break;
      const uint64_t seed = mix64(trace_.seed ^ 0x72656331, tried);
      recorded_.begin(trace_.seed, trace_.iteration);
      // What follows the recorded execution fails, of course, and says nothing.
      const Manner manner = tried / 3 % 2 ? Manner::random : Manner::priority;
      keeper.begin(recorded_,
                   tried % 3 ? std::span<const Condition>(parts) : std::span<const Condition>(), {},
                   manner, seed);
      const Outcome outcome = recorded_.run(keeper);
      decisions += recorded_.decisions().size();
      if (keeper.stuck()) continue;
      result_.recorded++;
      result_.recorded_failed += counts(outcome);
    }
  }

  void judge() {
    const bool whole = std::all_of(result_.parts.begin(), result_.parts.end(),
                                   [](const auto& p) { return p.state == FixPart::kept; });
    if (!result_.parts.empty() && whole && result_.kept_all >= kEnoughKept) {
      result_.kind = FixResult::passes;
      return;
    }
    calibrate();
    const double rate = result_.recorded ? static_cast<double>(result_.recorded_failed) /
                                               static_cast<double>(result_.recorded)
                                         : 0;
    // Half of the edited program's executions were as far from the recorded one.
    const double missed = std::pow(1 - rate, static_cast<double>(result_.executions) / 2);
    if (result_.executions >= kEnoughKept && missed < kDoubt) {
      result_.kind = FixResult::passes;
      return;
    }
    result_.kind = FixResult::cannot_tell;
    result_.reason =
        whole && !result_.parts.empty()
            ? "too few executions keep all parts"
            : "what decided it cannot be kept, and so few executions might have missed it";
  }

  System& recorded_;
  System& edited_;
  const Trace& trace_;
  const ReplayContext& context_;
  const FixOptions& options_;
  const Tape tape_;
  Keeper keeper_;
  uint64_t decisions_ = 0, numbers_ = 0;
  bool failed_ = false;
  FixResult result_;
};

}  // namespace

FixResult check_fix(System& recorded, System& edited, const Trace& trace,
                    const ReplayContext& context, const FixOptions& options) {
  const CountInstructions here(recorded, trace.outcome.verdict == Verdict::runaway);
  const CountInstructions there(edited, trace.outcome.verdict == Verdict::runaway);
  return Check(recorded, edited, trace, context, options).all();
}

}  // namespace lockstep
