// A trial is one run of the explorer with one worker, so it does not matter who makes it; workers
// take trials by number and put the result where it belongs.
#include "engine/explore/bake_off.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "engine/explore/estimate.h"

namespace lockstep {
namespace {

class BakeOffRun {
 public:
  BakeOffRun(const BakeOffOptions& options,
             const std::function<void(const BakeOffProgress&)>& progress)
      : options_(options),
        progress_(progress),
        contestants_(options.contestants.size()),
        per_contestant_(options.trials + (options.coverage ? 1 : 0)),
        results_(contestants_ * options.trials),
        coverage_(contestants_) {}

  BakeOff run(const SystemFactory& factory) {
    std::vector<std::unique_ptr<System>> systems;
    const unsigned n = std::max(options_.workers, 1u);
    for (unsigned i = 0; i < n; i++) systems.push_back(factory());
    {
      std::vector<std::jthread> threads;
      for (unsigned i = 1; i < n; i++)
        threads.emplace_back([this, &system = *systems[i]] { work(system, false); });
      work(*systems[0], true);
    }
    if (error_) std::rethrow_exception(error_);
    return collect();
  }

 private:
  struct Result {
    bool finished = false;
    Trial trial;
    std::string signature;
  };

  void work(System& system, bool caller) noexcept try {
    const uint64_t all = contestants_ * per_contestant_;
    for (uint64_t job; !stop_ && (job = next_.fetch_add(1)) < all; done_++) {
      const size_t contestant = job / per_contestant_;
      const uint64_t trial = job % per_contestant_;
      if (trial < options_.trials)
        make_trial(system, contestant, trial);
      else
        measure_coverage(system, contestant);
      if (caller && progress_) progress_({done_ + 1, all});
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
    stop_ = true;
  }

  ExploreOptions explore_options(size_t contestant, uint64_t trial) const {
    ExploreOptions o = options_.contestants[contestant];
    o.seed = o.strategy_options.seed = options_.first_seed + trial;
    o.seconds = 0;
    o.workers = 1;
    o.interrupted = options_.interrupted;
    return o;
  }
  // False: what there is of it does not count.
  bool usable(const ExploreResult& result) {
    if (result.stop == StopReason::interrupted) stop_ = interrupted_ = true;
    if (!result.misuse) return !interrupted_;
    const std::lock_guard lock(mutex_);
    if (!misuse_) misuse_ = result.misuse->outcome;
    stop_ = true;
    return false;
  }

  void make_trial(System& system, size_t contestant, uint64_t trial) {
    ExploreOptions o = explore_options(contestant, trial);
    o.iterations = options_.cap;
    o.max_failures = 1;
    o.count_classes = find_strategy(o.strategy)->claims.proves;  // tells auto when to try
    const ExploreResult result = explore(system, o);
    if (!usable(result)) return;
    Result& r = results_[contestant * options_.trials + trial];
    r.trial = {result.iterations, !result.findings.empty()};
    if (r.trial.found) r.signature = result.findings[0].outcome.signature();
    r.finished = true;
  }

  void measure_coverage(System& system, size_t contestant) {
    ExploreOptions o = explore_options(contestant, 0);
    o.iterations = options_.coverage;
    o.max_failures = 0;
    o.count_classes = false;
    const double seconds = explore(system, o).cpu_seconds;
    o.count_classes = o.every_class = true;
    const ExploreResult result = explore(system, o);
    if (!usable(result)) return;
    const StrategyInfo& info = *find_strategy(o.strategy);
    coverage_[contestant] = {result.iterations, result.classes, result.classes_once,
                             estimate(result, info, o.strategy_options.depth).unseen, seconds};
  }

  BakeOff collect() {
    BakeOff out;
    for (size_t c = 0; c < contestants_; c++) {
      Contestant& contestant = out.contestants.emplace_back();
      for (uint64_t t = 0; t < options_.trials; t++) {
        const Result& r = results_[c * options_.trials + t];
        if (!r.finished) continue;
        contestant.trials.push_back(r.trial);
        if (r.trial.found) contestant.signatures[r.signature]++;
      }
      contestant.first = first_failure(contestant.trials);
      contestant.coverage = coverage_[c];
    }
    out.interrupted = interrupted_;
    out.misuse = misuse_;
    return out;
  }

  const BakeOffOptions& options_;
  const std::function<void(const BakeOffProgress&)>& progress_;
  const size_t contestants_;
  const uint64_t per_contestant_;
  std::vector<Result> results_;  // by contestant, then trial; each written by one worker
  std::vector<std::optional<Coverage>> coverage_;
  std::atomic<uint64_t> next_{0}, done_{0};
  std::atomic<bool> stop_{false}, interrupted_{false};
  std::mutex mutex_;  // guards what follows
  std::optional<Outcome> misuse_;
  std::exception_ptr error_;
};

}  // namespace

BakeOff bake_off(const SystemFactory& factory, const BakeOffOptions& options,
                 const std::function<void(const BakeOffProgress&)>& progress) {
  return BakeOffRun(options, progress).run(factory);
}

}  // namespace lockstep
