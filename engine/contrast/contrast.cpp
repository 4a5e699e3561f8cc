#include "engine/contrast/contrast.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "engine/boundary/recorder.h"
#include "engine/contrast/classes.h"
#include "engine/contrast/hitting_set.h"
#include "engine/contrast/keeper.h"
#include "engine/relation/immediate_races.h"

namespace lockstep {
namespace {

constexpr size_t kMostFlips = 48;     // races that are reversed to begin with
constexpr uint32_t kWalks = 40;       // of each manner, to begin with
constexpr uint32_t kClean = 90;       // executions that keep a candidate before it is believed
constexpr uint32_t kMostRounds = 60;  // candidates
constexpr uint32_t kTurns = 24;       // executions for each part reversed
constexpr uint32_t kReordered = 48;   // ... that keep a candidate, where there is one of each class
constexpr size_t kMostLookedAt = 24;  // passing executions recorded for what they did besides
constexpr size_t kMostConditions = 6000;
constexpr uint64_t kMostExceptions = 8;  // one in so many
// What turning a condition round did, worst first; unknown counts as the best until it is tried.
constexpr uint8_t kStuck = 0, kCanTurn = 1, kPasses = 2, kUnknown = 3;

class Search {
 public:
  Search(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
         const ContrastOptions& options)
      : system_(system),
        seed_(seed),
        iteration_(iteration),
        failing_(failing),
        options_(options),
        signature_(failing.outcome.signature()),
        tape_(tape_of(failing.decisions)),
        keeper_(tape_) {}

  Contrast all() {
    if (tape_.ids.size() != failing_.decisions.size() || tape_.outcome.signature() != signature_)
      return not_told("the execution could not be followed");
    if (failing_.events.size() > kMostConditionEvents)
      return not_told(fmt::format("longer than {} steps", kMostConditionEvents));
    if (failing_.outcome.at_bound()) return not_told("it ends at a bound");
    conditions_ = conditions_of(failing_.events, tape_);
    if (conditions_.size() > kMostConditions) {  // then those that were close
      std::stable_sort(
          conditions_.begin(), conditions_.end(),
          [this](const Condition& a, const Condition& b) { return cost(a) < cost(b); });
      conditions_.resize(kMostConditions);
    }
    failed_.push_back({tape_, {}});
    result_.all_classes = classes();
    if (!result_.all_classes) walk();
    if (passed_.empty()) {
      result_.kind = Contrast::always;
      count({});
      return std::move(result_);
    }
    look_at_what_else();
    return settle();
  }

 private:
  struct Judged {
    Tape tape;
    std::vector<bool> holds;  // for each condition so far
  };

  Contrast not_told(std::string reason) {
    result_.kind = Contrast::not_told;
    result_.reason = std::move(reason);
    return std::move(result_);
  }

  bool same(const Outcome& o) const { return fails_alike(failing_.outcome, o); }

  bool spent() const {
    return result_.executions >= options_.max_executions || decisions_ >= options_.max_decisions ||
           (options_.interrupted && *options_.interrupted);
  }

  Tape tape_of(std::span<const Decision> decisions) {
    const Tape none;
    Keeper keeper(none);
    return follow(keeper, decisions);
  }
  Tape follow(Keeper& keeper, std::span<const Decision> decisions) {
    system_.begin(seed_, iteration_);
    keeper.begin(system_, decisions);
    const Outcome outcome = system_.run(keeper);
    return keeper.take(system_, outcome);
  }

  void sort_in(Tape&& tape) {
    result_.executions++;
    decisions_ += tape.decisions.size();
    const Outcome& o = tape.outcome;
    if (o.verdict == Verdict::passed)
      passed_.push_back({std::move(tape), {}});
    else if (same(o))
      failed_.push_back({std::move(tape), {}});
    else if (o.failed())
      otherwise_.push_back({std::move(tape), {}});
  }

  // True if it came to an end, and did what was asked.
  bool execute(std::span<const Condition> kept, std::span<const Condition> turned, Manner manner,
               uint64_t number, Tape* out) {
    system_.begin(seed_, iteration_);
    keeper_.begin(system_, kept, turned, manner, mix64(seed_ ^ 0x636f6e7472617374ull, number));
    const Outcome outcome = system_.run(keeper_);
    *out = keeper_.take(system_, outcome);
    const bool useful =
        !keeper_.stuck() && (outcome.verdict == Verdict::passed || outcome.failed());
    if (outcome.verdict == Verdict::runaway || outcome.verdict == Verdict::suspect)
      decisions_ += options_.max_decisions / 3 + 1;
    else if (!useful)
      decisions_ += out->decisions.size();
    return useful;
  }

  bool classes() {
    const uint64_t most_decisions = options_.max_decisions / 4;
    std::vector<std::vector<Decision>> schedules;
    if (!all_classes(system_, seed_, iteration_, options_.max_classes, most_decisions,
                     options_.interrupted, &schedules))
      return false;
    Keeper keeper(tape_);
    keeper.set_fair_spins(true);
    for (const auto& schedule : schedules) {
      Tape tape = follow(keeper, schedule);
      if (!keeper.stuck()) sort_in(std::move(tape));
    }
    return true;
  }

  void walk() {
    Tape tape;
    std::set<std::pair<uint32_t, uint32_t>> tried;
    for (const Race& race : immediate_races(failing_.events)) {
      if (tried.size() >= kMostFlips || spent()) break;
      const uint32_t a = failing_.events[race.first].step, b = failing_.events[race.second].step;
      const auto it = std::find_if(conditions_.begin(), conditions_.end(), [&](const Condition& c) {
        return c.kind == Condition::order && c.first_step == a && c.second_step == b;
      });
      if (it == conditions_.end() || !tried.insert({a, b}).second) continue;
      if (execute({}, std::span(&*it, 1), Manner::follow, 0, &tape)) sort_in(std::move(tape));
    }
    for (const Condition& c : conditions_)
      if (c.kind != Condition::order && !spent() &&
          execute({}, std::span(&c, 1), Manner::follow, 1, &tape))
        sort_in(std::move(tape));
    near_ = passed_.size();
    for (uint32_t i = 0; i < kWalks; i++)
      for (const Manner manner : {Manner::stray, Manner::random, Manner::priority})
        if (!spent() && execute({}, {}, manner, i + 2, &tape)) sort_in(std::move(tape));
  }

  // Steps that the failing execution never came to, in the passing ones that are like it.
  void look_at_what_else() {
    const size_t most = std::min(passed_.size(), std::max(near_, kMostLookedAt));
    for (size_t i = 0; i < most && i < 2 * kMostLookedAt; i++) look_at(passed_[i].tape);
  }
  void look_at(const Tape& tape) {
    const Recording recording =
        record_schedule(system_, seed_, iteration_, tape.decisions, result_.all_classes);
    for (const Condition& c : conditions_against(recording.events, tape, tape_)) {
      const bool known = std::any_of(
          conditions_.begin(), conditions_.end(),
          [&](const Condition& d) { return d.first == c.first && d.second == c.second; });
      if (known || conditions_.size() >= kMostConditions) continue;
      conditions_.push_back(c);
      // The step in words, from here, since the failing execution has none.
      Positions here(tape);
      const uint32_t step = here.at(c.second);
      others_.push_back(
          {c.second, event_at(recording.events, step), message_of(recording.events, step)});
    }
  }

  static Event event_at(std::span<const Event> events, uint32_t step) {
    for (const Event& e : events)
      if (e.step == step) return e;
    return {};
  }
  // What arrives: the arguments of the send that caused it.
  static std::string message_of(std::span<const Event> events, uint32_t step) {
    const Event e = event_at(events, step);
    if (e.op != OpKind::deliver) return {};
    for (const uint32_t cause : e.causes) {
      const Event sent = event_at(events, cause);
      if (sent.step != 0 && !sent.args.empty())
        return fmt::format("{} from {}", sent.args, sent.who);
    }
    return {};
  }

  // What it costs to read: what never happens more than what does, a long way more than a short
  // one; and what somebody is told of the time more than what made it pass.
  uint32_t cost(const Condition& c) const {
    if (c.kind != Condition::order) return 1;
    const uint32_t apart = c.second_step ? c.second_step - c.first_step : 50;
    const bool asks = c.second_step && event_at(failing_.events, c.second_step).op == OpKind::now;
    return 10 + std::min(apart, 100u) + (c.second_step ? 0 : 40) + (asks ? 40 : 0);
  }

  void judge(std::vector<Judged>& all) {
    for (Judged& j : all) {
      if (j.holds.size() == conditions_.size()) continue;
      Positions at(j.tape);
      while (j.holds.size() < conditions_.size())
        j.holds.push_back(at.holds(conditions_[j.holds.size()]));
    }
  }

  std::vector<HittingColumn> columns(uint8_t least) {
    judge(passed_), judge(failed_);
    std::vector<HittingColumn> columns(conditions_.size());
    turnable_.resize(conditions_.size(), kUnknown);
    for (size_t i = 0; i < conditions_.size(); i++) {
      columns[i].cost = cost(conditions_[i]);
      columns[i].left_out = turnable_[i] < least;
    }
    for (const Judged& j : passed_) {
      if (std::all_of(j.holds.begin(), j.holds.end(), [](bool held) { return held; }))
        continue;  // an exception to whatever is said
      for (size_t i = 0; i < conditions_.size(); i++) columns[i].broken_by.push(!j.holds[i]);
    }
    for (const Judged& j : failed_)
      for (size_t i = 0; i < conditions_.size(); i++) columns[i].kept_by.push(j.holds[i]);
    judge(reordered_);
    for (const Judged& j : reordered_)
      for (size_t i = 0; i < conditions_.size(); i++) columns[i].broken_by.push(!j.holds[i]);
    return columns;
  }

  // What comes of the failing execution with this one condition reversed and nothing else
  // asked for: effects of the failure cannot be reversed, and what is to blame passes then.
  uint8_t turnable(size_t i) {
    uint8_t& known = turnable_[i];
    if (known != kUnknown) return known;
    const Condition c = conditions_[i];
    Tape tape;
    known = kStuck;
    if (spent() || !execute({}, std::span(&c, 1), Manner::follow, ++numbers_, &tape)) return known;
    Positions at(tape);
    if (!at.holds(c) && (c.kind != Condition::order || at.has(c.second)))
      known = tape.outcome.verdict == Verdict::passed ? kPasses : kCanTurn;
    if (!result_.all_classes) sort_in(std::move(tape));
    return known;
  }

  // The smallest set of conditions that tells what has passed from what has failed; of those that
  // pass when reversed alone if there is such a set, else of those that can be reversed.
  std::vector<Condition> candidate() {
    HittingOptions how;
    how.most = options_.most_parts;
    for (const uint8_t least : {kPasses, kCanTurn, kStuck})
      for (;;) {
        const auto all = columns(least);
        if (all.empty()) return {};
        const auto set = smallest_hitting_set(all, all[0].broken_by.size(), how);
        if (!set || set->empty()) break;
        std::vector<Condition> found;
        bool good = true;
        for (const uint32_t i : *set) {
          good &= turnable(i) >= least;
          found.push_back(conditions_[i]);
        }
        if (good) return found;
      }
    return {};
  }

  static bool keeps(const Tape& tape, std::span<const Condition> parts) {
    Positions at(tape);
    return std::all_of(parts.begin(), parts.end(), [&](const Condition& c) { return at.holds(c); });
  }

  // Executions that keep the candidate, until one passes or there were enough. True: none passed.
  bool believed(std::span<const Condition> parts) {
    Tape tape;
    for (uint32_t i = 0; i < kClean && !spent(); i++) {
      const Manner manner = i % 3 == 0   ? Manner::stray
                            : i % 3 == 1 ? Manner::random
                                         : Manner::priority;
      if (!execute(parts, {}, manner, ++numbers_, &tape)) continue;
      const bool passed = tape.outcome.verdict == Verdict::passed && keeps(tape, parts);
      sort_in(std::move(tape));
      if (!passed) continue;
      if (!keeps(passed_.back().tape, conditions_)) return false;
      const size_t before = conditions_.size();
      look_at(Tape(passed_.back().tape));
      if (conditions_.size() != before) return false;
      // Nothing tells it from the failing one: an exception.
    }
    return true;
  }

  // Where there is one execution of each class: an order of two steps that nothing orders is no
  // property of the class, so others of the same classes are tried, which keep the candidate or
  // have one part reversed. True: none that keeps it passed.
  bool holds_in_classes(std::span<const Condition> parts) {
    Tape tape;
    fails_otherwise_ = false;
    for (uint32_t i = 0; i < kReordered && !spent(); i++) {
      const Manner manner = i % 2 ? Manner::random : Manner::stray;
      if (!execute(parts, {}, manner, ++numbers_, &tape)) continue;
      if (tape.outcome.verdict != Verdict::passed || !keeps(tape, parts)) continue;
      if (keeps(tape, conditions_)) continue;  // nothing tells it from the failing one
      reordered_.push_back({std::move(tape), {}});
      return false;
    }
    for (size_t i = 0; i < parts.size(); i++) {
      std::vector<Condition> others(parts.begin(), parts.end());
      others.erase(others.begin() + static_cast<long>(i));
      for (uint32_t k = 0; k < kTurns && !spent() && !fails_otherwise_; k++)
        fails_otherwise_ = execute(others, parts.subspan(i, 1),
                                   k % 2 ? Manner::random : Manner::stray, ++numbers_, &tape) &&
                           same(tape.outcome) && !keeps(tape, parts);
    }
    return true;
  }

  Contrast settle() {
    std::vector<Condition> parts;
    bool settled = false;
    for (uint32_t round = 0; round < kMostRounds && !settled; round++) {
      parts = candidate();
      if (parts.empty())
        return not_told(
            fmt::format("no {} orders, faults and choices tell what fails from what passes",
                        options_.most_parts));
      settled = result_.all_classes ? holds_in_classes(parts) : believed(parts);
    }
    if (!settled) return not_told("the budget of executions ended");
    std::sort(parts.begin(), parts.end(), [](const Condition& a, const Condition& b) {
      const auto rank = [](const Condition& c) {
        return std::tuple(c.kind == Condition::order, c.first_step, c.second_step);
      };
      return rank(a) < rank(b);
    });
    result_.kind = Contrast::found;
    for (size_t i = 0; i < parts.size(); i++) result_.parts.push_back(described(parts[i]));
    if (!result_.all_classes) turn(parts);
    count(parts);
    if (result_.exceptions * kMostExceptions > result_.kept)
      return not_told("it passes too often in the same order of steps");
    return std::move(result_);
  }

  // A lock's name is not in its events.
  void name_object(Event* e) const {
    if (!e->target.empty() || e->footprint.empty()) return;
    const ObjectId object = e->footprint[0].object;
    if (object_class(object) != ObjectClass::atomics) return;
    e->target = system_.object_name(object);
    if (e->target.starts_with(e->what + " ")) e->target.erase(0, e->what.size() + 1);
  }

  ContrastPart described(const Condition& c) {
    ContrastPart part = in_words(c);
    name_object(&part.first);
    name_object(&part.second);
    return part;
  }
  ContrastPart in_words(const Condition& c) {
    ContrastPart part;
    part.condition = c;
    part.first = event_at(failing_.events, c.first_step);
    part.message = message_of(failing_.events, c.first_step);
    if (c.kind != Condition::order) return part;
    if (c.second_step) {
      part.second = event_at(failing_.events, c.second_step);
      part.second_message = message_of(failing_.events, c.second_step);
    } else {
      for (const Other& o : others_)
        if (o.id == c.second) part.second = o.event, part.second_message = o.message;
    }
    return part;
  }

  void turn(std::span<const Condition> parts) {
    Tape tape;
    for (size_t i = 0; i < parts.size(); i++) {
      std::vector<Condition> others(parts.begin(), parts.end());
      others.erase(others.begin() + static_cast<long>(i));
      for (uint32_t k = 0; k < kTurns; k++) {
        constexpr Manner kManners[] = {Manner::follow, Manner::stray, Manner::random,
                                       Manner::priority};
        if (k > 0 && spent()) break;
        if (execute(others, parts.subspan(i, 1), kManners[k % 4], ++numbers_, &tape))
          sort_in(std::move(tape));
      }
    }
  }

  // All that was executed, judged by the parts.
  void count(std::span<const Condition> parts) {
    result_.exact = true;
    const auto count_in = [&](const Tape& tape) {
      Positions at(tape);
      size_t broken = parts.size(), n = 0;
      for (size_t i = 0; i < parts.size(); i++)
        if (!at.holds(parts[i])) broken = i, n++;
      const bool passed = tape.outcome.verdict == Verdict::passed;
      const bool failed = same(tape.outcome);
      result_.passed += passed;
      result_.failed += failed;
      if (n == 0) {
        result_.kept++;
        (passed ? result_.exceptions : failed ? result_.kept_failed : result_.kept_otherwise)++;
      } else {
        if (failed) result_.exact = false;
        if (n == 1 && broken < result_.parts.size()) {
          ContrastPart& part = result_.parts[broken];
          part.broken++;
          (passed ? part.passed : part.failed)++;
        }
      }
    };
    // The failing execution itself is among failed_, once too often where all classes were made.
    for (size_t i = result_.all_classes ? 1 : 0; i < failed_.size(); i++) count_in(failed_[i].tape);
    for (const Judged& j : passed_) count_in(j.tape);
    for (const Judged& j : otherwise_) count_in(j.tape);
    if (result_.exceptions != 0 || fails_otherwise_) result_.exact = false;
    result_.executions =
        failed_.size() + passed_.size() + otherwise_.size() - (result_.all_classes ? 1 : 0);
  }

  struct Other {
    StepId id;
    Event event;
    std::string message;
  };

  System& system_;
  const uint64_t seed_, iteration_;
  const Recording& failing_;
  const ContrastOptions& options_;
  const std::string signature_;
  const Tape tape_;
  Keeper keeper_;
  std::vector<Condition> conditions_;
  std::vector<uint8_t> turnable_;
  std::vector<Other> others_;
  std::vector<Judged> passed_, failed_, otherwise_;
  std::vector<Judged> reordered_;  // of classes that are there already: passed, all the same
  bool fails_otherwise_ = false;
  size_t near_ = 0;
  uint64_t decisions_ = 0, numbers_ = 1000;
  Contrast result_;
};

}  // namespace

Contrast contrast(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
                  const ContrastOptions& options) {
  const CountInstructions counting(system, failing.outcome.verdict == Verdict::runaway);
  return Search(system, seed, iteration, failing, options).all();
}

namespace {

// The steps of a recording of `whole` steps in one that has all but the last of its `shown` steps
// at the same places, and the last one at the end. False if a part begins with one that is not
// there.
bool retell(Contrast& c, uint32_t whole, uint32_t shown) {
  const auto there = [&](uint32_t step) { return step == whole ? shown : step < shown ? step : 0; };
  for (ContrastPart& p : c.parts) {
    p.condition.first_step = p.first.step = there(p.condition.first_step);
    if (p.first.step == 0) return false;
    if (p.condition.second_step)
      p.condition.second_step = p.second.step = there(p.condition.second_step);
  }
  return true;
}

}  // namespace

Contrast contrast_of_shrunk(System& system, uint64_t seed, uint64_t iteration,
                            const Recording& shown, const Recording& whole,
                            const ContrastOptions& options) {
  if (!whole.decisions.empty()) {
    Contrast c = contrast(system, seed, iteration, whole, options);
    if (retell(c, static_cast<uint32_t>(whole.decisions.size()),
               static_cast<uint32_t>(shown.decisions.size())))
      return c;
  }
  return contrast(system, seed, iteration, shown, options);
}

}  // namespace lockstep
