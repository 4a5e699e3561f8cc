// Shrinking over keyed deviations (D12). The order to go down is Candidate::better_than.
//
//   1. the empty set: D alone
//   2. without faults; with every choice at its first value; smaller values
//   3. ddmin (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002)
//   over what is left
//   4. bounded search: every set that is smaller still, as long as there are few (algorithms.md
//   §5.4)
//   5. moves: the same switch a little earlier or later, or in another's favour
//   6. each single deviation once more, which shows that the result is 1-minimal
//   7. inputs that are not needed (shrink_inputs.h), then all of it again on what is left
//   8. the same execution with fewer switches, and without what comes to nothing (straighten.h)
//
// Re-encoding what a set produced is no step of its own: Candidate holds only the deviations that
// took effect. What was tried is never tried again (ShrinkOracle::improves), so passes may repeat
// themselves freely.
#include "engine/explain/shrink.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/explain/bounded_search.h"
#include "engine/explain/shrink_inputs.h"
#include "engine/explain/shrink_oracle.h"
#include "engine/explain/straighten.h"
#include "engine/trace/recording.h"

namespace lockstep {
namespace {

constexpr uint32_t kSearchSize = 2;  // largest sets that bounded search tries
constexpr uint64_t kMoves = 24;      // replays spent on moves

using Set = std::vector<Deviation>;

class Shrinker {
 public:
  Shrinker(ShrinkOracle& oracle, const ShrinkOptions& options)
      : oracle_(oracle), options_(options) {}

  void run() {
    if (set().empty() || oracle_.improves({})) return;  // nothing can be better
    inputs();
    minimise();
    if (options_.prove_minimum) search();
    moves();
    while (!is_one_minimal() && !oracle_.spent()) one_minimal();
  }

  bool is_one_minimal() const {
    const Set& s = set();
    for (size_t i = 0; i < s.size(); i++)
      if (!oracle_.tried(without(s, i, i + 1))) return false;
    return true;
  }

  // Every set with fewer deviations was tried.
  bool is_minimum() const { return set().empty() || proven_size_ >= set().size(); }

 private:
  const Set& set() const { return oracle_.best().deviations; }

  static Set without(const Set& s, size_t from, size_t to) {
    Set rest(s.begin(), s.begin() + static_cast<ptrdiff_t>(from));
    rest.insert(rest.end(), s.begin() + static_cast<ptrdiff_t>(to), s.end());
    return rest;
  }

  bool drop_kind(AltKind kind) {
    Set rest = set();
    return std::erase_if(rest, [&](const Deviation& d) { return d.kind == kind; }) &&
           oracle_.improves(rest);
  }

  // Faults, values, then timers and arrivals go before anything else: they are the scenario's
  // input.
  void inputs() {
    for (const AltKind kind : {AltKind::fault, AltKind::data, AltKind::timer, AltKind::deliver})
      drop_kind(kind);
    for (const AltKind kind : {AltKind::fault, AltKind::data})
      for (size_t i = set().size(); i-- > 0;)
        if (i < set().size() && set()[i].kind == kind) oracle_.improves(without(set(), i, i + 1));
  }

  // ddmin by complements: leave out one chunk at a time, with chunks of half the set, a quarter,
  // ..., one.
  void minimise() {
    // What comes after a failure is in no schedule, but much of what comes long before it may be
    // idle.
    for (size_t chunk = (set().size() + 1) / 2; chunk >= 1 && !oracle_.spent();) {
      bool shorter = false;
      for (size_t end = set().size(); end > 0 && !oracle_.spent();) {
        const size_t from = end > chunk ? end - chunk : 0;
        if (oracle_.improves(without(set(), from, end))) shorter = true;
        end = std::min(from, set().size());
      }
      if (set().empty()) return;
      if (chunk == 1 && !shorter) return;
      chunk = shorter ? std::min(chunk, (set().size() + 1) / 2) : chunk / 2;
    }
  }

  void search() {
    for (;;) {
      const auto smaller = static_cast<uint32_t>(set().size()) - 1;
      proven_size_ = 1;  // the empty set was tried
      if (smaller == 0) return;
      const auto result = BoundedSearch::run(oracle_, std::min(smaller, kSearchSize));
      if (result == BoundedSearch::improved && !set().empty()) continue;
      if (result == BoundedSearch::exhausted) proven_size_ = std::min(smaller, kSearchSize) + 1;
      return;
    }
  }

  void moves() {
    const uint64_t until = oracle_.attempts() + kMoves;
    for (bool moved = true; moved;) {
      moved = false;
      for (size_t i = 0; i < set().size(); i++) {
        for (const Deviation& d : neighbours(i)) {
          if (oracle_.attempts() >= until || oracle_.spent()) return;
          Set s = set();
          s[i] = d;
          if (!oracle_.improves(s)) continue;
          moved = true;
          break;
        }
        if (i >= set().size()) break;
      }
    }
  }

  std::vector<Deviation> neighbours(size_t i) const {
    const Deviation d = set()[i];
    std::vector<Deviation> all;
    const auto add = [&](auto change) {
      all.push_back(d);
      change(all.back());
    };
    if (d.kind == AltKind::data) {
      if (d.instead > 1) add([](Deviation& n) { n.instead = 1; });
      if (d.instead > 3) add([](Deviation& n) { n.instead /= 2; });
      if (d.instead > 2) add([](Deviation& n) { n.instead--; });
      return all;
    }
    add([](Deviation& n) { n.own++; });
    if (d.own > 0) add([](Deviation& n) { n.own--; });
    add([](Deviation& n) { n.own += 2; });
    if (d.own > 1) add([](Deviation& n) { n.own -= 2; });
    for (const Deviation& other : set())  // in favour of another that matters
      if (other.instead != d.instead && other.kind == d.kind)
        add([&](Deviation& n) { n.instead = other.instead; });
    return all;
  }

  void one_minimal() {
    for (size_t i = set().size(); i-- > 0;)
      if (i < set().size()) oracle_.improves(without(set(), i, i + 1));
  }

  ShrinkOracle& oracle_;
  const ShrinkOptions& options_;
  size_t proven_size_ = 0;  // no set with fewer deviations than this fails
};

}  // namespace

namespace {

// The schedule of what `oracle` has started with, as small as it gets.
void shrink_schedule(ShrinkOracle& oracle, const ShrinkOptions& options, ShrinkResult& result) {
  Shrinker shrinker(oracle, options);
  shrinker.run();
  const Candidate& best = oracle.best();
  result.after = best.size;
  result.one_minimal = shrinker.is_one_minimal();
  result.minimum = shrinker.is_minimum();
  result.budget_ended = oracle.spent();
  result.deviations = best.deviations;
  result.at = best.at;
  result.attempts += oracle.attempts();
  result.seconds += oracle.seconds();
}

}  // namespace

namespace {

// Runs the schedule: what happens in it, and who is who.
bool put_schedule(System& system, uint64_t seed, uint64_t iteration,
                  std::span<const Decision> decisions, ShrinkResult& result) {
  Recording recording = record_schedule(system, seed, iteration, decisions);
  if (system.cut()) return false;
  result.recording = std::move(recording);
  ActorKeys keys;
  keys.begin(system);
  result.keys.clear();
  for (const Decision& d : result.recording.decisions) result.keys.push_back(keys(d.actor));
  return true;
}

void straighten_result(System& system, uint64_t seed, uint64_t iteration,
                       const ShrinkOptions& options, ShrinkResult& result) {
  if (result.seconds >= options.seconds || (options.interrupted && *options.interrupted)) return;
  constexpr uint64_t kExecutions = 5;  // at most
  if (options.max_attempts < result.attempts + kExecutions) return;
  const uint32_t deviations = result.after.deviations;
  const auto straight = straighten(system, seed, iteration, result.recording, result.after);
  if (!straight.better) return;
  Recording whole;
  if (straight.whole.size() > straight.decisions.size())
    whole = record_schedule(system, seed, iteration, straight.whole);
  if (!put_schedule(system, seed, iteration, straight.decisions, result)) return;
  result.straightened = true;
  result.whole = std::move(whole);
  result.after = straight.size;
  result.after.deviations = deviations;
}

}  // namespace

ShrinkResult shrink(System& system, uint64_t seed, uint64_t iteration,
                    std::span<const Decision> schedule, const ShrinkOptions& options,
                    const ShrinkProgress& progress) {
  ShrinkResult result;
  result.omitted = options.omitted;
  ShrinkOracle oracle(system, seed, iteration, options, progress);
  result.reproduced = oracle.start(schedule);
  result.cut = system.cut();
  if (!result.reproduced) {
    result.recording.outcome = oracle.outcome();
    result.attempts = oracle.attempts();
    result.seconds = oracle.seconds();
    return result;
  }
  result.before = oracle.best().size;
  const bool has_inputs = !system.inputs().empty();
  shrink_schedule(oracle, options, result);
  std::vector<Decision> decisions = oracle.best().decisions;
  if (has_inputs && !result.budget_ended) {
    const std::string signature = oracle.outcome().signature();
    const InputShrink inputs =
        shrink_inputs(system, seed, iteration, result.deviations, signature, options.omitted,
                      options.seconds - result.seconds, options.max_attempts - result.attempts);
    result.omitted = inputs.omitted;
    result.inputs = inputs.before;
    result.attempts += inputs.attempts;
    if (!inputs.decisions.empty()) {
      ShrinkOptions again = options;
      again.signature = signature;
      again.max_attempts = options.max_attempts - std::min(options.max_attempts, result.attempts);
      ShrinkOracle rest(system, seed, iteration, again, progress);
      if (rest.start(inputs.decisions)) {
        shrink_schedule(rest, again, result);
        decisions = rest.best().decisions;
      } else {
        LOCKSTEP_ASSERT(system.cut());
        result.budget_ended = true;
        result.omitted = options.omitted;
        system.omit(result.omitted);
      }
    }
  }
  result.cut = !put_schedule(system, seed, iteration, decisions, result);
  if (!result.cut) straighten_result(system, seed, iteration, options, result);
  return result;
}

}  // namespace lockstep
