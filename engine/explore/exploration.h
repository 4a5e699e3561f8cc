// The explorer's inside: explorer.cpp has the loop over iterations, tree_search.cpp that over the
// parts of a search tree.
#pragma once
#include <time.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/error.h"
#include "engine/explore/collector.h"
#include "engine/schedule/fairness.h"
#include "engine/schedule/pilot.h"
#include "engine/schedule/sampler.h"
#include "engine/search/subtree.h"

namespace lockstep {

double clock_seconds(int clock);  // of clock_gettime

// Executions whose second run is worth its time: not those that took ages, or were stopped.
inline bool tells_races(Verdict v) {
  return v != Verdict::misuse && v != Verdict::runaway && v != Verdict::memory_bound &&
         v != Verdict::stopped;
}

class Exploration {
 public:
  Exploration(const ExploreOptions& options, const ProgressFn& progress);
  ExploreResult run(const SystemFactory& factory);
  ExploreResult run(std::span<System* const> systems);  // one worker for each
  ExploreResult merge(System& system, const std::vector<std::string>& saved);  // merge.cpp

 private:
  struct Worker;
  struct Part;
  struct Frontier;
  void pilot(Worker& worker);
  void sample();
  void sample_or_prove();
  void work(Worker& worker) noexcept;
  uint64_t claim(Worker& worker, uint64_t size, Batch& batch);
  bool budget_over();
  void watch(const StopToken* token);  // null: executions end when they end
  void submit(Batch&& batch);
  void report();
  void record(System& system, Finding& finding) const;
  bool looks_for_races(uint64_t i) const {
    const uint64_t n = options_.race_samples;
    return i < n || (n && i % (std::bit_floor(i) / std::max<uint64_t>(n / 4, 1)) == 0);
  }
  RaceSummary races(System& system) const;
  std::string save();  // merge.cpp
  ExploreResult recorded(System& system);

  // shard_search.cpp
  bool is_shard_of_tree() const { return options_.shards > 1 && info_.claims.tree; }
  std::optional<ExploreResult> search_alone(std::span<System* const> systems);
  void share_out(Frontier& frontier);
  void fan_out(std::vector<Part>& parts);

  // tree_search.cpp
  static std::unique_ptr<Subtree> whole_tree(const StrategyInfo& info,
                                             const StrategyOptions& options);
  bool search_tree(const StrategyInfo& info, uint64_t executions);
  void search_slice(Worker& worker, Part& part) noexcept;
  void search_slices(std::span<Part> parts);
  void search_round(Frontier& frontier, uint64_t left);
  void hand_in(Frontier& frontier, Part& part);
  bool gather(Frontier& frontier, std::vector<Part>& fresh);

  // checkpoint.cpp
  template <class A>
  void keep(A& a, Frontier& frontier);
  template <class A>
  void keep(A& a, Part& part, const StrategyInfo& info);
  bool checkpoint_due();
  void checkpoint(Frontier& frontier);
  bool go_on(Frontier& frontier);

  const ExploreOptions& options_;
  const ProgressFn& progress_;
  const StrategyInfo& info_;
  StrategyOptions strategy_options_;
  Pilot pilot_;
  const double start_ = clock_seconds(CLOCK_MONOTONIC);
  double reported_ = start_;
  const std::thread::id caller_ = std::this_thread::get_id();

  std::atomic<uint64_t> next_{0};  // first iteration that nobody has taken
  std::atomic<uint64_t> last_;     // iterations beyond it will not count
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // guards what follows
  Collector collector_;
  Progress done_;
  bool interrupted_ = false;
  StopToken stop_token_;
  std::exception_ptr error_;
  std::condition_variable merged_;
  uint64_t round_ = 0, round_start_ = 0;
  std::vector<std::unique_ptr<System>>
      owned_;  // outlive the strategies, which may hold their images
  std::vector<std::unique_ptr<Worker>> workers_;
  bool hopeless_ = false;           // no proof will come of it
  double share_ = 0;                // of the tree, while one is searched
  bool alone_ = false;              // a shard's search, over before the tree was cut
  bool cutting_ = false;            // for shards, which the clock has no say in
  std::vector<uint64_t> learnt_;    // what its search begins with, or has learnt in the end
  std::atomic<bool> pause_{false};  // slices stop between two executions, for a checkpoint
  double kept_ = clock_seconds(CLOCK_MONOTONIC_COARSE);  // when the last one was made
  double cost_ = 0;                                      // ... and how long that took
  double before_ = 0, cpu_before_ = 0;                   // seconds of the processes before
  double cpu_start_ = 0;
};

// Some branches of a tree, searched by one worker at a time.
struct Exploration::Part {
  std::unique_ptr<Subtree> tree;
  uint64_t next = 0;   // number of its next execution, for itself
  uint64_t quota = 0;  // executions in this round
  uint64_t from = 0;   // iterations before this round
  bool alone = true;   // in this round
  Batch batch = {};
  bool over = false;  // the round, for it
  bool done = false;
  bool full = false;             // gave up
  bool hopeless = false;         // auto: came to a bound, so there will be no proof
  bool torn = false;             // cut in the middle of an execution
  const Worker* home = nullptr;  // whose images it holds
};

// What is left of a search, and the round under way.
struct Exploration::Frontier {
  const StrategyInfo& info;
  uint64_t from = 0;  // iterations before
  std::vector<Part> parts = {};
  uint64_t at_work = 0;  // the last so many of them
  double done = 0;
  uint64_t counted = 0;  // executions since it began, or began anew, that repeat no class
  std::span<Part> round() { return {parts.data() + parts.size() - at_work, at_work}; }
};

struct Exploration::Worker {
  Exploration& all;
  System& system;
  Sampler sampler{system};
  Fairness fairness = {};
  std::unique_ptr<Strategy> strategy = nullptr;
  std::map<std::string, bool> met = {};         // signatures: those of known failures or not
  ActivityCounter activity = {};                // of the batch under way
  bool in_order = all.info_.claims.exhaustive;  // all executions draw the same scenario numbers
  uint64_t from = 0;                            // number of the slice's first iteration
  bool numbered = true;                         // ... if it is known
  bool parts = false;   // at work on parts of a tree, whose iterations have no numbers yet
  uint64_t taught = 0;  // lessons; guarded by the mutex

  bool of_shard(uint64_t i) const { return i % all.options_.shards == all.options_.shard; }
  uint64_t stream(uint64_t i) const { return in_order ? 0 : i; }

  // One iteration, the whole of exploring. False: there is nothing left. With batch.cut it is none.
  bool execute(Strategy& by, Chooser* instead, uint64_t i, Batch& batch) {
    const Outcome* outcome = nullptr;
    const bool sample = all.options_.count_classes && !in_order &&
                        (all.options_.every_class || Sampler::wants(i, all.pilot_.steps));
    for (bool again = false;; again = true) {
      if (!by.begin(i, system)) return false;
      if (!by.resumed()) system.begin(all.options_.seed, stream(i));
      if (!in_order && !by.chooser().at_rest()) fairness.begin(by.chooser());
      Chooser& chooser = instead ? *instead : by.chooser();
      if (sample) sampler.begin(chooser);
      outcome = &system.run(sample ? sampler : chooser);
      if (outcome->verdict != Verdict::suspect || again) break;
      system.limits().count_instructions = true;  // a suspect is judged by exact counts
    }
    system.limits().count_instructions = false;
    if (!system.cut()) by.end(*outcome, system);
    // Time is up in the middle of it, or of what the strategy makes of it, so that it counts for
    // nothing.
    if (system.cut()) return batch.cut = true;
    if (all.info_.claims.adaptive && !instead)
      if (auto lesson = by.lesson()) batch.lessons.push_back({i, std::move(lesson)});
    batch.count++;
    activity.add(system.facts());
    const bool repeats = by.redundant();
    const uint64_t class_digest = repeats ? 0 : by.class_digest();
    if (class_digest != 0) batch.classes.push_back(class_digest);
    batch.blocked += outcome->verdict == Verdict::stopped || repeats;
    batch.steps += system.decisions().size();
    if (in_order && (outcome->verdict != Verdict::stopped || all.info_.claims.counts_states()))
      system.witness(batch.evidence);
    if (sample) batch.samples.emplace_back(i, sampler.value());
    const uint64_t number = parts ? from + batch.count - 1 : i;
    if (numbered && all.looks_for_races(number) && tells_races(outcome->verdict)) {
      RaceSample& kept =
          batch.race_samples.emplace_back(RaceSample{number, stream(i), by.fair_spins(), {}});
      const auto decisions = system.decisions();
      if (decisions.size() <= RaceCollector::kMostEvents)
        kept.decisions.assign(decisions.begin(), decisions.end());
    }
    if (outcome->failed() || outcome->verdict == Verdict::misuse)
      keep(i, *outcome, by.fair_spins(), repeats, batch);
    if (class_digest != 0 && !batch.failures.empty() && batch.failures.back().iteration == i)
      batch.failures.back().classes = batch.classes.size();
    if (const uint64_t discarded = by.discarded()) {  // before this one, which counts
      const bool failed = !batch.failures.empty() && batch.failures.back().iteration == i;
      batch.discarded += discarded;
      batch.in_vain = batch.failures.size() - failed;
      batch.classes_in_vain = batch.classes.size() - (class_digest != 0);
    }
    return true;
  }

  // What was counted beside the batch becomes part of it.
  void close(Batch& batch) {
    batch.activity.add(activity.sum(system));
    activity.clear();
  }

  void keep(uint64_t i, const Outcome& outcome, bool fair_spins, bool repeats, Batch& batch) {
    Failure& f = batch.failures.emplace_back();
    f.iteration = i;
    f.steps = batch.steps;
    f.signature = outcome.signature();
    f.misuse = outcome.verdict == Verdict::misuse;
    f.bound = outcome.at_bound();
    f.counts = !repeats;
    const auto [seen, first] = met.try_emplace(f.signature, false);
    if (first && all.options_.known) seen->second = all.options_.known(outcome);
    f.known = seen->second;
    if (!first) return;
    f.activity = batch.activity;
    f.activity.add(activity.sum(system));
    f.finding = std::make_unique<Finding>();
    f.finding->iteration = i;
    f.finding->stream = stream(i);
    f.finding->outcome = outcome;
    f.finding->fair_spins = fair_spins && system.facts().spun;
    f.finding->decisions.assign(system.decisions().begin(), system.decisions().end());
    if (parts || (f.bound && !all.options_.bounds_fail)) return;
    if ((all.options_.max_failures != 1 || f.known) && !f.misuse) return;
    uint64_t last = all.last_;  // nothing later can count: nobody need run it
    while (i < last && !all.last_.compare_exchange_weak(last, i)) {
    }
  }
};

}  // namespace lockstep
