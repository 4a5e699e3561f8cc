// Invariants
// 1. Iteration i is a function of (seed, i), so it does not matter who executes it.
// 2. Workers hand in batches of consecutive iterations; they are merged in order, and the first
// iteration that ends the
//    run ends it whoever ran further. So the result is the same whatever `workers` is.
// 3. Only failing executions keep more than a few bytes, and only the first of each signature keeps
// its decisions.
#include "engine/explore/explorer.h"

#include <time.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/explore/estimate.h"
#include "engine/explore/exploration.h"
#include "engine/trace/recording.h"

namespace lockstep {

double clock_seconds(int clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

namespace {
constexpr uint64_t kFirstTry = 32;

// How many executions to give a proof whose classes are estimated at so many: an estimate is a
// lower bound, and some executions are of no new class.
uint64_t worth_giving(double classes) { return static_cast<uint64_t>(2 * classes) + 64; }
// How many it has to have at least.
double needed(double classes) { return 1.25 * classes + 32; }
}  // namespace

Exploration::Exploration(const ExploreOptions& options, const ProgressFn& progress)
    : options_(options),
      progress_(progress),
      info_(*find_strategy(options.strategy)),
      strategy_options_(options.strategy_options),
      last_(options.iterations ? options.iterations - 1 : UINT64_MAX),
      collector_(options),
      learnt_(options.learnt) {
  strategy_options_.seed = options.seed;
  stop_token_.interrupted = options.interrupted;
  if (options.seconds > 0 && options.seconds < 1e9)
    stop_token_.deadline =
        std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                               std::chrono::duration<double>(options.seconds));
}

// Exhaustive strategies need none, and their executions are to be counted exactly.
void Exploration::pilot(Worker& worker) {
  if (info_.claims.exhaustive) return;
  Batch batch;
  const StrategyInfo& who = info_.claims.own_pilot ? info_ : *find_strategy("random");
  const auto first = who.make(strategy_options_);
  PilotWalk walk(first->chooser(), worker.system);
  worker.execute(*first, &walk, 0, batch);
  worker.close(batch);
  if (!worker.of_shard(0)) {  // every shard walks it, and one counts it
    batch = {};
    batch.others = 1;
    worker.met.clear();
    last_ = options_.iterations ? options_.iterations - 1 : UINT64_MAX;
  }
  pilot_ = walk.summary();
  strategy_options_.pilot = &pilot_;
  next_ = 1;
  submit(std::move(batch));
}

void Exploration::work(Worker& worker) noexcept try {
  const bool budget = options_.has_budget();
  if (!worker.strategy) worker.strategy = info_.make(strategy_options_);
  uint64_t size = 1;
  for (double then = clock_seconds(CLOCK_MONOTONIC); !stop_.load(std::memory_order_relaxed);) {
    Batch batch;
    const uint64_t end = claim(worker, size, batch);
    if (batch.from > last_ || stop_) break;
    for (uint64_t i = batch.from; i < end && i <= last_.load(std::memory_order_relaxed); i++) {
      if (!worker.of_shard(i)) {
        batch.others++;
        continue;
      }
      if (budget && (batch.cut = budget_over())) break;
      if ((batch.exhausted = !worker.execute(*worker.strategy, nullptr, i, batch))) break;
      if (batch.cut) break;
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
  if (from > last_) return from;  // nobody will merge what comes before a later round
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
  if (options_.in_vain && options_.in_vain->load(std::memory_order_relaxed)) return true;
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
    const ExploreResult& so_far = collector_.result();
    copy.classes = so_far.classes;
    if (so_far.classes_once < so_far.classes_sampled) copy.estimate = chao(so_far);
  }
  copy.seconds = before_ + now - start_;
  copy.share = share_;
  copy.goal = options_.iterations;
  progress_(copy);
}

// The second run of a failing schedule: with recording, and as a check that the first was
// deterministic.
void Exploration::record(System& system, Finding& finding) const {
  Recording recording =
      record_schedule(system, options_.seed, finding.stream, finding.decisions, finding.fair_spins);
  finding.confirmed = !system.cut();
  if (!finding.confirmed) return;
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
    if (stop_token_.asks()) break;
    const uint64_t cost = sample.decisions.size() * sample.decisions.size();
    if (sample.decisions.empty() || cost > budget) {
      collector.leave_out();
      continue;
    }
    budget -= cost;
    const Recording run =
        record_schedule(system, options_.seed, sample.stream, sample.decisions, sample.fair_spins);
    if (run.divergence.empty() && !system.cut()) collector.add(run.events, system);
  }
  return collector.summary();
}

ExploreResult Exploration::run(const SystemFactory& factory) {
  const unsigned n =
      info_.claims.exhaustive && !info_.claims.tree ? 1 : std::max(options_.workers, 1u);
  std::vector<System*> systems;
  for (unsigned i = 0; i < n; i++) systems.push_back(owned_.emplace_back(factory()).get());
  return run(systems);
}

void Exploration::sample() {
  std::vector<std::jthread> threads;
  for (size_t i = 1; i < workers_.size(); i++)
    threads.emplace_back([this, &w = *workers_[i]] { work(w); });
  work(*workers_[0]);
}

// Samples in stretches that double, and tries a proof between two of them where it looks cheap:
// from the classes among the executions sampled so far (a function of seed and options, never of
// the clock), where it fits into the budget that is left. A try that gives up costs its executions,
// whose numbers the sampling then leaves out; it has shown that there are more classes than that,
// so the next one gets twice as many at least.
void Exploration::sample_or_prove() {
  const uint64_t end = options_.iterations ? options_.iterations : UINT64_MAX;
  bool drew = false;
  uint64_t tried = 0;
  // After a walk without a choice there is nothing to sample.
  for (uint64_t next = pilot_.choice_points == 0 ? 1 : kFirstTry; !stop_;
       next = std::max(2 * next, kFirstTry)) {
    last_ = std::min(next, end) - 1;
    next_ = collector_.merged();
    if (next_ < std::min(next, end)) sample();
    if (stop_ || error_) return;
    ExploreResult& result = collector_.result();
    const double classes = chao(result);
    result.classes_expected = classes;
    const uint64_t left = end - collector_.merged();
    const bool known = next == 1 || worth_a_proof(result);
    if (!result.activity.kept.empty() || drew || !known ||
        needed(classes) > static_cast<double>(left) || 2 * tried > left)
      continue;
    const uint64_t most = std::min(left, std::max(worth_giving(classes), 2 * tried));
    const uint64_t first = collector_.merged();
    if (search_tree(*find_strategy("dpor"), most)) return;
    tried = most;
    drew = result.evidence.drew != 0 || hopeless_;
    result.share = 0;
    result.tried.push_back({first, collector_.merged()});
    result.proof_executions = 0;
  }
}

void Exploration::watch(const StopToken* token) {
  for (const auto& worker : workers_) worker->system.watch(token);
}

ExploreResult Exploration::run(std::span<System* const> systems) {
  for (System* system : systems)
    workers_.push_back(std::unique_ptr<Worker>(new Worker{*this, *system}));
  cpu_start_ = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
  const bool goes_on = options_.checkpoints && !options_.checkpoints->last.empty();
  if (is_shard_of_tree() && !goes_on)
    if (auto all = search_alone(systems)) return std::move(*all);
  watch(&stop_token_);
  if (info_.claims.tree) {
    search_tree(info_, 0);
  } else {
    pilot(*workers_[0]);
    if (info_.claims.proves)
      sample_or_prove();
    else
      sample();
  }
  watch(nullptr);
  if (error_) std::rethrow_exception(error_);
  ExploreResult& result = collector_.result();
  result.cpu_seconds = cpu_before_ + clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_start_;
  result.seconds = before_ + clock_seconds(CLOCK_MONOTONIC) - start_;
  interrupted_ = interrupted_ || (options_.interrupted && *options_.interrupted);
  if (result.stop == StopReason::time && interrupted_) result.stop = StopReason::interrupted;
  if (info_.claims.bounded) result.exhausted = false;  // all within the bound is not all
  if (result.exhausted && !result.activity.kept.empty() && info_.claims.unit != Unit::schedule) {
    result.exhausted = false;
    result.stop = StopReason::unordered;
  }
  result.pilot = pilot_;
  result.shard = options_.shard;
  result.shards = options_.shards;
  if (options_.save_result) result.saved = save();
  return recorded(*systems[0]);
}

// All that was kept of executions is made whole by running them again.
ExploreResult Exploration::recorded(System& system) {
  ExploreResult& result = collector_.result();
  const bool by_mail = strategy_options_.reduce.needs_mail();
  result.classes_repeat =
      result.activity.spun > 0 || (collector_.tells_classes() && (by_mail || options_.shards > 1));
  result.races = races(system);
  for (Finding& finding : result.findings) record(system, finding);
  if (result.misuse) record(system, *result.misuse);
  return std::move(result);
}

namespace {

void check(const ExploreOptions& options) {
  if (!find_strategy(options.strategy))
    throw Error(ExitCode::usage, "unknown strategy: " + options.strategy);
  LOCKSTEP_ASSERT(options.shards == 1 || find_strategy(options.strategy)->claims.shardable());
  LOCKSTEP_ASSERT(options.shard < options.shards);
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
