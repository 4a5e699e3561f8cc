// Invariants
// 1. Iteration i is a function of (seed, i), so it does not matter who executes it.
// 2. Workers hand in batches of consecutive iterations; they are merged in order, and the first
// iteration that ends the
//    run ends it whoever ran further. So the result is the same whatever `workers` is.
// 3. Only failing executions keep more than a few bytes, and only the first of each signature keeps
// its decisions.
#include "engine/explorer.h"

#include <time.h>

#include <algorithm>
#include <bit>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <thread>

#include "engine/collector.h"
#include "engine/error.h"
#include "engine/fairness.h"
#include "engine/pilot.h"
#include "engine/sampler.h"

namespace lockstep {
namespace {

double clock_seconds(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Executions whose second run is worth its time: not those that took ages, or were given up.
bool tells_races(Verdict v) {
  return v != Verdict::misuse && v != Verdict::runaway && v != Verdict::memory_bound &&
         v != Verdict::stopped;
}

class Exploration {
 public:
  Exploration(const ExploreOptions& options, const ProgressFn& progress);
  ExploreResult run(const SystemFactory& factory);
  ExploreResult run(std::span<System* const> systems);  // one worker for each

 private:
  struct Worker;
  void pilot(Worker& worker);
  void work(Worker& worker) noexcept;
  uint64_t claim(Worker& worker, uint64_t size, Batch& batch);
  bool budget_over();
  void submit(Batch&& batch);
  void report();
  void record(System& system, Finding& finding) const;
  bool looks_for_races(uint64_t i) const {
    const uint64_t n = options_.race_samples;
    return i < n || (n && i % (std::bit_floor(i) / std::max<uint64_t>(n / 4, 1)) == 0);
  }
  RaceSummary races(System& system) const;

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
  std::exception_ptr error_;
  std::condition_variable merged_;
  uint64_t round_ = 0, round_start_ = 0;
  std::vector<std::unique_ptr<System>>
      owned_;  // outlive the strategies, which may hold their images
  std::vector<std::unique_ptr<Worker>> workers_;
};

struct Exploration::Worker {
  Exploration& all;
  System& system;
  Sampler sampler{system};
  Fairness fairness = {};
  std::unique_ptr<Strategy> strategy = nullptr;
  std::set<std::string> known = {};
  ActivityCounter activity = {};  // of the batch under way
  double cpu = 0;
  uint64_t taught = 0;  // lessons; guarded by the mutex

  uint64_t stream(uint64_t i) const { return all.info_.claims.exhaustive ? 0 : i; }

  // One iteration, the whole of exploring. False: there is nothing left.
  bool execute(Strategy& by, Chooser* instead, uint64_t i, Batch& batch) {
    const Outcome* outcome = nullptr;
    const bool sample = all.options_.count_classes && !all.info_.claims.tree &&
                        (all.options_.every_class || Sampler::wants(i, all.pilot_.steps));
    for (bool again = false;; again = true) {
      if (!by.begin(i, system)) return false;
      if (!by.resumed()) system.begin(all.options_.seed, stream(i));
      if (!all.info_.claims.exhaustive && !by.chooser().at_rest()) fairness.begin(by.chooser());
      Chooser& chooser = instead ? *instead : by.chooser();
      if (sample) sampler.begin(chooser);
      outcome = &system.run(sample ? sampler : chooser);
      if (outcome->verdict != Verdict::suspect || again) break;
      system.limits().count_instructions = true;  // a suspect is judged by exact counts
    }
    system.limits().count_instructions = false;
    by.end(*outcome, system);
    if (all.info_.claims.adaptive && !instead)
      if (auto lesson = by.lesson()) batch.lessons.push_back({i, std::move(lesson)});
    batch.count++;
    activity.add(system.facts());
    batch.blocked += outcome->verdict == Verdict::stopped;
    batch.steps += system.decisions().size();
    if (sample) batch.samples.emplace_back(i, sampler.value());
    if (all.looks_for_races(i) && tells_races(outcome->verdict)) {
      RaceSample& kept = batch.race_samples.emplace_back(RaceSample{i, stream(i), {}});
      const auto decisions = system.decisions();
      if (decisions.size() <= RaceCollector::kMostEvents)
        kept.decisions.assign(decisions.begin(), decisions.end());
    }
    if (outcome->failed() || outcome->verdict == Verdict::misuse) keep(i, *outcome, batch);
    return true;
  }

  // What was counted beside the batch becomes part of it.
  void close(Batch& batch) {
    batch.activity = activity.sum(system);
    activity.clear();
  }

  void keep(uint64_t i, const Outcome& outcome, Batch& batch) {
    Failure& f = batch.failures.emplace_back();
    f.iteration = i;
    f.steps = batch.steps;
    f.signature = outcome.signature();
    f.misuse = outcome.verdict == Verdict::misuse;
    f.bound = outcome.verdict == Verdict::step_bound || outcome.verdict == Verdict::runaway ||
              outcome.verdict == Verdict::memory_bound;
    if (!known.insert(f.signature).second) return;
    f.activity = activity.sum(system);
    f.finding = std::make_unique<Finding>();
    f.finding->iteration = i;
    f.finding->stream = stream(i);
    f.finding->outcome = outcome;
    f.finding->decisions.assign(system.decisions().begin(), system.decisions().end());
    if (all.options_.max_failures != 1 && !f.misuse) return;
    uint64_t last = all.last_;  // nothing later can count: nobody need run it
    while (i < last && !all.last_.compare_exchange_weak(last, i)) {
    }
  }
};

Exploration::Exploration(const ExploreOptions& options, const ProgressFn& progress)
    : options_(options),
      progress_(progress),
      info_(*find_strategy(options.strategy)),
      strategy_options_(options.strategy_options),
      last_(options.iterations ? options.iterations - 1 : UINT64_MAX),
      collector_(options) {
  strategy_options_.seed = options.seed;
}

// Exhaustive strategies need none, and their executions are to be counted exactly.
void Exploration::pilot(Worker& worker) {
  if (info_.claims.exhaustive) return;
  Batch batch;
  const auto random = find_strategy("random")->make(strategy_options_);
  PilotWalk walk(*random, worker.system);
  worker.execute(*random, &walk, 0, batch);
  worker.close(batch);
  pilot_ = walk.summary();
  strategy_options_.pilot = &pilot_;
  next_ = 1;
  submit(std::move(batch));
}

void Exploration::work(Worker& worker) noexcept try {
  const bool budget = options_.seconds > 0 || options_.interrupted;
  worker.strategy = info_.make(strategy_options_);
  uint64_t size = 1;
  for (double then = clock_seconds(CLOCK_MONOTONIC); !stop_.load(std::memory_order_relaxed);) {
    Batch batch;
    const uint64_t end = claim(worker, size, batch);
    if (batch.from > last_ || stop_) break;
    for (uint64_t i = batch.from; i < end && i <= last_.load(std::memory_order_relaxed); i++) {
      if (budget && (batch.cut = budget_over())) break;
      if ((batch.exhausted = !worker.execute(*worker.strategy, nullptr, i, batch))) break;
    }
    worker.close(batch);
    submit(std::move(batch));
    const double now = clock_seconds(CLOCK_MONOTONIC);
    if (now - then < 0.001 && size < 4096)
      size *= 2;  // how the work is cut does not show in the result
    if (now - then > 0.01 && size > 1) size /= 2;
    then = now;
    if (std::this_thread::get_id() == caller_) report();
  }
  worker.cpu = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
} catch (...) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::current_exception();
  stop_ = true;
  merged_.notify_all();
}

// The next iterations for a worker. Those of an adaptive strategy's round wait until all before it
// are merged, and are taught what these have to teach.
uint64_t Exploration::claim(Worker& worker, uint64_t size, Batch& batch) {
  if (!info_.claims.adaptive) return (batch.from = next_.fetch_add(size)) + size;
  std::unique_lock lock(mutex_);
  const uint64_t from = batch.from = next_;
  const uint64_t round = worker.strategy->round(from);
  uint64_t end = worker.strategy->round(from + size - 1) == round ? from + size : from + 1;
  while (end < from + size && worker.strategy->round(end) == round) end++;
  next_ = end;
  if (round != round_) {
    round_ = round;
    round_start_ = from;
  }
  const uint64_t start = round_start_;
  merged_.wait(lock, [&] { return stop_ || collector_.merged() >= start; });
  for (; worker.taught < collector_.lessons_end(); worker.taught++) {
    const Taught& taught = collector_.lesson(worker.taught);
    if (taught.iteration >= start) break;
    worker.strategy->learn(*taught.lesson);
  }
  uint64_t all = worker.taught;
  for (const auto& other : workers_) all = std::min(all, other->taught);
  collector_.forget(all);
  return end;
}

bool Exploration::budget_over() {
  if (options_.interrupted && options_.interrupted->load(std::memory_order_relaxed)) {
    const std::lock_guard lock(mutex_);
    return interrupted_ = true;
  }
  return options_.seconds > 0 && clock_seconds(CLOCK_MONOTONIC_COARSE) - start_ > options_.seconds;
}

void Exploration::submit(Batch&& batch) {
  const std::lock_guard lock(mutex_);
  done_.iterations += batch.count;
  done_.steps += batch.steps;
  done_.failures += batch.failures.size();
  collector_.submit(std::move(batch));
  if (collector_.finished()) stop_ = true;
  if (info_.claims.adaptive) merged_.notify_all();
}

void Exploration::report() {
  const double now = clock_seconds(CLOCK_MONOTONIC);
  if (!progress_ || now - reported_ < 0.1) return;
  reported_ = now;
  Progress copy;
  {
    const std::lock_guard lock(mutex_);
    copy = done_;
  }
  copy.seconds = now - start_;
  progress_(copy);
}

// The second run of a failing schedule: with recording, and as a check that the first was
// deterministic.
void Exploration::record(System& system, Finding& finding) const {
  Recording recording = record_schedule(system, options_.seed, finding.stream, finding.decisions);
  finding.deterministic =
      recording.divergence.empty() && recording.outcome.signature() == finding.outcome.signature();
  if (!recording.divergence.empty())
    finding.divergence = recording.divergence;
  else if (!finding.deterministic)
    finding.divergence = "same schedule, but " + recording.outcome.signature() + " instead of " +
                         finding.outcome.signature();
  finding.events = std::move(recording.events);
  if (finding.deterministic) finding.outcome = std::move(recording.outcome);  // may tell more
}

// Each sampled schedule is run again with recording on. Long executions cost the square of their
// length, so what all may cost together is bounded, and by nothing that the clock has a say in.
RaceSummary Exploration::races(System& system) const {
  RaceCollector collector;
  uint64_t budget = options_.race_samples * (uint64_t{1} << 19);
  for (const RaceSample& sample : collector_.race_samples()) {
    if (options_.interrupted && *options_.interrupted) break;
    const uint64_t cost = sample.decisions.size() * sample.decisions.size();
    if (sample.decisions.empty() || cost > budget) {
      collector.leave_out();
      continue;
    }
    budget -= cost;
    const Recording run = record_schedule(system, options_.seed, sample.stream, sample.decisions);
    if (run.divergence.empty()) collector.add(run.events, system);
  }
  return collector.summary();
}

ExploreResult Exploration::run(const SystemFactory& factory) {
  const unsigned n =
      info_.claims.tree || info_.claims.exhaustive ? 1 : std::max(options_.workers, 1u);
  std::vector<System*> systems;
  for (unsigned i = 0; i < n; i++) systems.push_back(owned_.emplace_back(factory()).get());
  return run(systems);
}

ExploreResult Exploration::run(std::span<System* const> systems) {
  for (System* system : systems)
    workers_.push_back(std::unique_ptr<Worker>(new Worker{*this, *system}));
  const double cpu_before = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
  pilot(*workers_[0]);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < systems.size(); i++)
      threads.emplace_back([this, &w = *workers_[i]] { work(w); });
    work(*workers_[0]);
  }
  if (error_) std::rethrow_exception(error_);
  ExploreResult& result = collector_.result();
  for (const auto& worker : workers_) result.cpu_seconds += worker->cpu;
  result.cpu_seconds -= cpu_before;
  result.seconds = clock_seconds(CLOCK_MONOTONIC) - start_;
  if (result.stop == StopReason::time && interrupted_) result.stop = StopReason::interrupted;
  if (info_.claims.bounded) result.exhausted = false;  // all within the bound is not all
  result.pilot = pilot_;
  result.races = races(*systems[0]);
  for (Finding& finding : result.findings) record(*systems[0], finding);
  if (result.misuse) record(*systems[0], *result.misuse);
  return std::move(result);
}

void check(const ExploreOptions& options) {
  if (!find_strategy(options.strategy))
    throw Error(ExitCode::usage, "unknown strategy: " + options.strategy);
}

}  // namespace

ExploreResult explore(const SystemFactory& factory, const ExploreOptions& options,
                      const ProgressFn& progress) {
  check(options);
  return Exploration(options, progress).run(factory);
}

ExploreResult explore(System& system, const ExploreOptions& options) {
  check(options);
  System* const systems[] = {&system};
  const ProgressFn silent;
  return Exploration(options, silent).run(systems);
}

}  // namespace lockstep
