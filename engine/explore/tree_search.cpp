// The search of a tree, in parts.
//
// Invariants
// 1. Which parts there are, and how far each is searched in a round, is a function of the rounds
// before: the number of workers decides only who does it, so executions, their numbers and the
// failure reported first are the same whatever it is.
// 2. A round takes at most kRound parts, from the end of the list, so the list stays about as long
// as the tree is deep: what a search keeps does not grow with what it has executed, but for the
// steps that it has met (StepPool) and the racing pairs (RacingPairs::kMost).
// 3. While a round is under way, nobody touches what two parts share.
#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "engine/explore/exploration.h"

namespace lockstep {
namespace {

constexpr size_t kRound = 16;         // parts at work at a time: more than that many workers idle
constexpr uint64_t kSliceMax = 4096;  // executions of a part in one round

std::unique_ptr<Subtree> whole_tree(const StrategyInfo& info, const StrategyOptions& options) {
  LOCKSTEP_ASSERT(info.claims.tree);
  return std::unique_ptr<Subtree>(static_cast<Subtree*>(info.make(options).release()));
}

}  // namespace

struct Exploration::Part {
  std::unique_ptr<Subtree> tree;
  uint64_t next = 0;   // number of its next execution, for itself
  uint64_t quota = 0;  // executions in this round
  uint64_t from = 0;   // iterations before this round
  bool alone = true;   // in this round
  Batch batch;
  Evidence seen;
  bool done = false;
  bool full = false;             // gave up
  bool hopeless = false;         // auto: came to a bound, so there will be no proof
  const Worker* home = nullptr;  // whose images it holds
};

void Exploration::search_slice(Worker& worker, Part& part) noexcept try {
  const bool budget = options_.has_budget();
  if (part.home != &worker) part.tree->forget_images();
  part.home = &worker;
  worker.met.clear();
  worker.in_order = worker.parts = true;
  worker.from = part.from;
  worker.numbered = part.alone;
  part.batch = {};
  for (uint64_t n = 0; n < part.quota && !stop_.load(std::memory_order_relaxed); n++) {
    if (budget && (part.batch.cut = budget_over())) break;
    if ((part.done = !worker.execute(*part.tree, nullptr, part.next, part.batch))) {
      part.full = part.tree->gave_up();
      break;
    }
    if (part.batch.cut) break;
    part.next++;
    if (std::this_thread::get_id() == caller_ && n % 64 == 63) report();
    // No failure of a search that was not asked for: its schedules are not fair.
    if (info_.claims.proves && !part.batch.failures.empty() && part.batch.failures.back().bound) {
      part.batch.failures.pop_back();
      part.hopeless = true;
      break;
    }
    if (part.batch.failures.empty() || options_.max_failures != 1) continue;
    const Failure& last = part.batch.failures.back();
    if (last.misuse || (!last.known && (!last.bound || options_.bounds_fail))) break;
  }
  part.tree->witness(part.batch.evidence);
  worker.close(part.batch);
} catch (...) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::current_exception();
  stop_ = true;
}

void Exploration::search_slices(std::span<Part> parts) {
  std::atomic<size_t> taken{0};
  const auto work = [&](Worker& worker) {
    for (size_t i; (i = taken.fetch_add(1)) < parts.size();) search_slice(worker, parts[i]);
  };
  std::vector<std::jthread> threads;
  for (size_t i = 1; i < std::min(workers_.size(), parts.size()); i++)
    threads.emplace_back([&work, &worker = *workers_[i]] { work(worker); });
  work(*workers_[0]);
}

// True if everything was executed. `executions`: give up after so many; 0: no limit but the
// options'.
bool Exploration::search_tree(const StrategyInfo& info, uint64_t executions) {
  const uint64_t from = collector_.merged();  // iterations before
  uint64_t left = executions ? executions : UINT64_MAX;
  if (options_.iterations) left = std::min(left, options_.iterations - from);
  std::vector<Part> parts;
  parts.push_back({whole_tree(info, strategy_options_)});
  collector_.result().evidence = {};
  collector_.begin_search();
  double done = 0;
  bool exhausted = false;
  uint64_t counted = 0;  // executions since it began, or began anew, that repeat no class
  while (!stop_ && left > 0) {
    if (parts.empty()) {
      // What was proved for the random numbers of one stream says nothing of others: sampling goes
      // on.
      if (info_.claims.proves && collector_.result().evidence.drew) break;
      Batch end;
      end.from = collector_.merged();
      end.exhausted = exhausted = true;
      submit(std::move(end));
      break;
    }
    const uint64_t past = collector_.merged() - from;
    const size_t n = std::min({parts.size(), kRound, static_cast<size_t>(left)});
    const uint64_t slice =
        std::clamp(past / 32, options_.slice, std::max(kSliceMax, options_.slice));
    const std::span<Part> round(parts.data() + parts.size() - n, n);
    for (Part& part : round) {
      part.quota = std::min(slice, left / n);
      part.from = from + past;
      part.alone = n == 1;
    }
    search_slices(round);

    std::vector<Part> fresh;
    const bool few = parts.size() < kRound;
    for (Part& part : round) {
      if (stop_ && error_) return false;
      left -= part.batch.count;
      part.batch.from = collector_.merged();
      for (Failure& f : part.batch.failures) {
        f.iteration += part.batch.from + part.batch.count - part.next;
        if (f.finding) f.finding->iteration = f.iteration;
      }
      const bool whole = !stop_;
      counted += part.batch.count - part.batch.blocked - part.batch.discarded;
      submit(std::move(part.batch));
      hopeless_ |= part.hopeless || (part.full && info_.claims.proves);
      if (part.full && !stop_ && !hopeless_) {
        Batch end;
        end.from = collector_.merged();
        end.full = true;
        submit(std::move(end));
      }
      if (stop_ || !whole || hopeless_) break;
      for (auto& tree : part.tree->surrender()) fresh.push_back({std::move(tree)});
      if (part.done) {
        done += part.tree->weight;
      } else if (few) {
        Subtree::Parts cut = part.tree->split();
        done += cut.done;
        for (auto& tree : cut.parts) fresh.push_back({std::move(tree)});
      }
      if (n > 1) part.tree->forget_images();
    }
    if (hopeless_) break;
    const bool last = fresh.empty() && std::all_of(parts.begin(), parts.end(),
                                                   [](const Part& part) { return part.done; });
    if (auto whole = stop_ ? nullptr : round.front().tree->anew(counted, last)) {
      Batch in_vain;
      in_vain.from = collector_.merged();
      in_vain.discarded = std::exchange(counted, 0);
      submit(std::move(in_vain));
      parts.clear();
      parts.push_back({std::move(whole)});
      done = 0;
      continue;
    }
    std::erase_if(parts, [](const Part& part) { return part.done; });
    for (Part& part : fresh) parts.push_back(std::move(part));
    double all = done, there = done;
    for (const Part& part : parts) {
      all += part.tree->weight;
      there += part.tree->weight * part.tree->share();
    }
    share_ = all > 0 ? there / all : 0;
  }
  ExploreResult& result = collector_.result();
  result.share = exhausted ? 1 : share_;
  result.proof_executions = collector_.merged() - from;
  for (const auto& worker : workers_)
    worker->numbered = true, worker->parts = false, worker->in_order = info_.claims.exhaustive;
  return exhausted;
}

}  // namespace lockstep
