// What the shrinker asks: does this set of deviations fail as the given schedule did, and is it
// better?
#pragma once
#include <chrono>
#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "engine/boundary/recorder.h"
#include "engine/explain/shrink_options.h"

namespace lockstep {

// A failing set and what it gave. Only deviations that took effect are in it.
struct Candidate {
  std::vector<Deviation> deviations;  // in the order they happen
  std::vector<uint32_t> at;
  ShrinkSize size;
  uint32_t values = 0;  // deviations that change a value
  std::vector<Decision> decisions;

  // The order that shrinking goes down: deviations, faults, changed values, context switches,
  // steps; then the canonical order, in which the older actor goes first.
  bool better_than(const Candidate& other) const;
};

class ShrinkOracle {
 public:
  ShrinkOracle(System& system, uint64_t seed, uint64_t iteration, const ShrinkOptions& options,
               const ShrinkProgress& progress);

  // Runs the schedule that is to be shrunk. False if it cannot be followed, or does not fail (with
  // options.signature).
  bool start(std::span<const Decision> schedule);

  // Runs D with the set unless that was done before, or unless the budget is spent. True if it
  // fails with the signature and is better than best(), which it then becomes. So what was tried
  // once need never be tried again.
  bool improves(std::span<const Deviation> set, Branches* branches = nullptr);

  bool tried(std::span<const Deviation> set) const { return tried_.contains(hash(set)); }
  bool spent();  // attempts, decisions, time or ^C
  const Candidate& best() const { return best_; }
  uint64_t attempts() const { return attempts_; }
  double seconds() const;
  const Outcome& outcome() const { return outcome_; }  // of the given schedule

 private:
  static uint64_t hash(std::span<const Deviation> set);  // the same in any order
  Encoding run(std::span<const Deviation> set, Branches* branches);
  void count(const Outcome& outcome);
  Candidate candidate(const Encoding& encoding) const;

  System& system_;
  const uint64_t seed_, iteration_;
  const ShrinkOptions& options_;
  const ShrinkProgress& progress_;
  const std::chrono::steady_clock::time_point started_;
  CountInstructions counting_;
  Outcome outcome_;
  std::string signature_;
  Candidate best_;
  std::unordered_set<uint64_t> tried_;  // hashes of sets, both as asked and as they took effect
  uint64_t attempts_ = 0, decisions_ = 0;
  double reserved_ = 0;  // seconds that what comes after the search will take
};

}  // namespace lockstep
