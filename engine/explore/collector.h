// Puts together what the workers hand in, in the order of the iterations, so that the result does
// not show who did what.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/explore/exploration_data.h"

namespace lockstep {

struct Failure {
  uint64_t iteration = 0;
  uint64_t steps = 0;  // of its batch, up to the end of this execution
  std::string signature;
  bool bound = false;
  bool misuse = false;
  bool known = false;                // ExploreOptions::known
  bool counts = true;                // its execution repeats no class
  size_t classes = 0;                // Batch::classes up to its own; 0: it has none there
  std::unique_ptr<Finding> finding;  // only the worker's first of this signature has one
  Activity activity;  // of its batch, up to the end of this execution; only with a finding, since
                      // no other can end the run
};

struct Taught {
  uint64_t iteration = 0;
  std::shared_ptr<const Lesson> lesson;
};

// An execution to be looked at for races when all is done. No decisions: it was too long.
struct RaceSample {
  uint64_t iteration = 0, stream = 0;
  bool fair_spins = false;  // of the chooser
  std::vector<Decision> decisions;
};

// Consecutive iterations from `from` on, by one worker.
struct Batch {
  uint64_t from = 0;
  uint64_t count = 0;   // executed
  uint64_t others = 0;  // passed by, since they are of other shards
  uint64_t steps = 0;
  uint64_t blocked = 0;
  // The search began anew: so many executions before count for nothing, and so do these failures of
  // the batch, and all before it.
  uint64_t discarded = 0;
  size_t in_vain = 0;
  bool exhausted = false;
  bool full = false;  // the strategy gave up: its memory is used up
  bool cut = false;   // ended early by the clock or by ^C
  Activity activity;
  std::vector<Failure> failures;
  std::vector<std::pair<uint64_t, uint64_t>> samples;  // iteration, fingerprint of its class
  std::vector<Taught> lessons;                         // in order
  std::vector<RaceSample> race_samples;                // in order
  std::vector<uint64_t> classes;                       // Strategy::class_digest, in order
  size_t classes_in_vain = 0;                          // so many of them were discarded
  Evidence evidence;
};

// Not thread-safe; the explorer holds its mutex.
class Collector {
 public:
  explicit Collector(const ExploreOptions& options);
  void submit(Batch&& batch);
  bool finished() const { return finished_; }  // what comes later does not count
  uint64_t merged() const { return next_; }    // all iterations below it are in the result
  // Lessons of merged iterations, by number; those below the first one kept have been forgotten.
  uint64_t lessons_end() const { return forgotten_ + lessons_.size(); }
  const Taught& lesson(uint64_t n) const { return lessons_[n - forgotten_]; }
  void forget(uint64_t below) {
    for (; forgotten_ < below; forgotten_++) lessons_.pop_front();
  }
  ExploreResult& result() { return result_; }
  // What comes now is another search.
  void begin_search() { executed_.clear(), repeats_ = 0; }
  // Were there executions whose class had to be told by its digest?
  bool tells_classes() const { return !executed_.empty(); }
  const std::vector<RaceSample>& race_samples() const { return race_samples_; }
  // All but lessons and what waits (saved_fields.h).
  template <class A>
  void keep(A& a);
  // Of a search that begins as that one did.
  void look_for_races_as(const Collector& other) { race_samples_ = other.race_samples_; }
  // Takes over what another shard has come to, as if one had done the work of both.
  void join(Collector&& other);
  // When all have joined: what ended the run, of failures no more than were asked for.
  void conclude(bool all_exhausted, StopReason otherwise);

 private:
  void merge(Batch& batch);
  void merge(Failure& failure, bool counts_once);
  bool repeats(uint64_t class_digest);
  void discard();
  void finish(StopReason reason);

  const ExploreOptions& options_;
  const bool strides_;  // shards take every so manieth iteration
  uint64_t next_ = 0;
  bool finished_ = false;
  std::map<uint64_t, Batch> waiting_;           // an earlier one is still missing
  std::unordered_map<uint64_t, bool> classes_;  // fingerprint: seen more than once
  std::unordered_set<uint64_t> executed_;       // Strategy::class_digest since a search began
  uint64_t repeats_ = 0;                        // of them
  std::map<std::string, size_t> signatures_;    // index in result_.findings
  std::deque<Taught> lessons_;
  uint64_t forgotten_ = 0;
  std::vector<RaceSample> race_samples_;
  uint64_t counted_ = 0;  // different failures that count towards max_failures
  ExploreResult result_;
};

}  // namespace lockstep
