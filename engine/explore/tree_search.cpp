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

}  // namespace

std::unique_ptr<Subtree> Exploration::whole_tree(const StrategyInfo& info,
                                                 const StrategyOptions& options) {
  LOCKSTEP_ASSERT(info.claims.tree);
  return std::unique_ptr<Subtree>(static_cast<Subtree*>(info.make(options).release()));
}

void Exploration::search_slice(Worker& worker, Part& part) noexcept try {
  const bool budget = options_.has_budget();
  if (part.home != &worker) part.tree->forget_images();
  part.home = &worker;
  worker.met.clear();
  for (const Failure& f : part.batch.failures) worker.met.emplace(f.signature, f.known);
  worker.in_order = worker.parts = true;
  worker.from = part.from;
  worker.numbered = part.alone;
  part.over = true;
  while (part.batch.count < part.quota && !stop_.load(std::memory_order_relaxed)) {
    if (budget && (part.batch.cut = budget_over())) break;
    if ((part.done = !worker.execute(*part.tree, nullptr, part.next, part.batch))) {
      part.full = part.tree->gave_up();
      break;
    }
    if ((part.torn = part.batch.cut)) break;
    part.next++;
    if (std::this_thread::get_id() == caller_ && part.batch.count % 64 == 0) report();
    // No failure of a search that was not asked for: its schedules are not fair.
    if (info_.claims.proves && !part.batch.failures.empty() && part.batch.failures.back().bound) {
      part.batch.failures.pop_back();
      part.hopeless = true;
      break;
    }
    if (!part.batch.failures.empty() && options_.max_failures == 1) {
      const Failure& last = part.batch.failures.back();
      if (last.misuse || (!last.known && (!last.bound || options_.bounds_fail))) break;
    }
    if (options_.checkpoints && !cutting_ && checkpoint_due()) {
      part.over = part.batch.count >= part.quota;
      break;
    }
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
    for (size_t i; (i = taken.fetch_add(1)) < parts.size();)
      if (!parts[i].over) search_slice(worker, parts[i]);
  };
  std::vector<std::jthread> threads;
  for (size_t i = 1; i < std::min(workers_.size(), parts.size()); i++)
    threads.emplace_back([&work, &worker = *workers_[i]] { work(worker); });
  work(*workers_[0]);
}

// Slices stop for a checkpoint, and go on. Where the search stops, for lack of time or after so
// many executions (`left`), there is one, too.
void Exploration::search_round(Frontier& frontier, uint64_t left) {
  const std::span<Part> round = frontier.round();
  for (;;) {
    search_slices(round);
    if (!options_.checkpoints || stop_) return;
    bool cut = false, torn = false;
    uint64_t made = 0;
    for (const Part& part : round) {
      cut |= part.batch.cut;
      torn |= part.torn;
      made += part.batch.count;
    }
    const bool on = pause_ && !cut;
    if ((cut || pause_ || made == left) && !torn) checkpoint(frontier);
    if (!on) return;
  }
}

// What the part has come to since the last time.
void Exploration::hand_in(Frontier& frontier, Part& part) {
  part.batch.from = collector_.merged();
  for (Failure& f : part.batch.failures) {
    f.iteration += part.batch.from + part.batch.count - part.next;
    if (f.finding) f.finding->iteration = f.iteration;
  }
  frontier.counted += part.batch.count - part.batch.blocked - part.batch.discarded;
  submit(std::exchange(part.batch, {}));
}

// What the round came to. False: the search ends with it.
bool Exploration::gather(Frontier& frontier, std::vector<Part>& fresh) {
  const bool few = frontier.parts.size() < kRound, alone = frontier.at_work == 1;
  for (Part& part : frontier.round()) {
    const bool whole = !stop_;
    hand_in(frontier, part);
    hopeless_ |= part.hopeless || (part.full && info_.claims.proves);
    if (part.full && !stop_ && !hopeless_) {
      Batch end;
      end.from = collector_.merged();
      end.full = true;
      submit(std::move(end));
    }
    if (stop_ || !whole || hopeless_) return false;
    for (auto& tree : part.tree->surrender()) fresh.push_back({std::move(tree)});
    if (part.done) {
      frontier.done += part.tree->weight;
    } else if (few) {
      Subtree::Parts cut = part.tree->split();
      frontier.done += cut.done;
      for (auto& tree : cut.parts) fresh.push_back({std::move(tree)});
    }
    if (!alone) part.tree->forget_images();
  }
  return true;
}

// True if everything was executed. `executions`: give up after so many; 0: no limit but the
// options'.
bool Exploration::search_tree(const StrategyInfo& info, uint64_t executions) {
  Frontier frontier{info, collector_.merged()};
  frontier.parts.push_back({whole_tree(info, strategy_options_)});
  if (!learnt_.empty()) frontier.parts[0].tree = frontier.parts[0].tree->afresh(learnt_);
  collector_.result().evidence = {};
  collector_.begin_search();
  const bool goes_on = options_.checkpoints && go_on(frontier);
  if (is_shard_of_tree() && !goes_on) share_out(frontier);
  const uint64_t from = frontier.from;
  uint64_t most = executions ? executions : UINT64_MAX;
  if (options_.iterations) most = std::min(most, options_.iterations - from);
  bool exhausted = false;
  std::vector<Part>& parts = frontier.parts;
  for (uint64_t past; !stop_ && (past = collector_.merged() - from) < most;) {
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
    if (frontier.at_work == 0) {  // else a checkpoint was made in the middle of a round
      const uint64_t left = most - past;
      const size_t n = std::min({parts.size(), kRound, static_cast<size_t>(left)});
      const uint64_t slice =
          std::clamp(past / 32, options_.slice, std::max(kSliceMax, options_.slice));
      frontier.at_work = n;
      for (Part& part : frontier.round()) {
        part.quota = std::min(slice, left / n);
        part.from = from + past;
        part.alone = n == 1;
        part.over = false;
      }
    }
    search_round(frontier, most - past);
    if (stop_ && error_) return false;
    std::vector<Part> fresh;
    const bool on = gather(frontier, fresh);
    Subtree& first = *frontier.round().front().tree;
    frontier.at_work = 0;
    if (hopeless_) break;
    const bool last = fresh.empty() && std::all_of(parts.begin(), parts.end(),
                                                   [](const Part& part) { return part.done; });
    if (auto whole = on ? first.anew(frontier.counted, last) : nullptr) {
      Batch in_vain;
      in_vain.from = collector_.merged();
      in_vain.discarded = std::exchange(frontier.counted, 0);
      submit(std::move(in_vain));
      parts.clear();
      parts.push_back({std::move(whole)});
      frontier.done = 0;
      if (is_shard_of_tree()) share_out(frontier);
      continue;
    }
    if (last) learnt_ = first.learnt();
    std::erase_if(parts, [](const Part& part) { return part.done; });
    for (Part& part : fresh) parts.push_back(std::move(part));
    double all = frontier.done, there = frontier.done;
    for (const Part& part : parts) {
      all += part.tree->weight;
      there += part.tree->weight * part.tree->share();
    }
    share_ = all > 0 ? there / all : 0;
  }
  if (!parts.empty() && !is_shard_of_tree()) learnt_ = parts[0].tree->learnt();
  ExploreResult& result = collector_.result();
  result.share = exhausted ? 1 : share_;
  result.proof_executions = collector_.merged() - from;
  for (const auto& worker : workers_)
    worker->numbered = true, worker->parts = false, worker->in_order = info_.claims.exhaustive;
  return exhausted;
}

}  // namespace lockstep
