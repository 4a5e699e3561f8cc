// Checkpoints of the search of a tree: the parts that are left, with the round that they are in,
// and what was counted. Made between executions, while no part is at work.
//
// Invariant: what comes after a checkpoint is a function of it, of seed and options: never of when
// it was made. So a search that was broken off ends with the same counts as one that was not.
#include <algorithm>
#include <cereal/cereal.hpp>

#include "engine/explore/exploration.h"
#include "engine/explore/saved_fields.h"
#include "engine/search/tree_archive.h"

namespace lockstep {

template <class A>
void Exploration::keep(A& a, Part& part, const StrategyInfo& info) {
  if constexpr (A::kLoads) {
    part.tree = whole_tree(info, strategy_options_);
    part.tree->load(a);
  } else {
    part.tree->save(a);
  }
  bool over = part.over && !part.batch.cut;
  fields(a, part.next, part.quota, part.from, part.alone, part.batch, over, part.done, part.full);
  part.over = over;
}

template <class A>
void Exploration::keep(A& a, Frontier& f) {
  fields(a, f.from, f.at_work, f.done, f.counted, learnt_, done_.iterations, done_.steps,
         done_.failures, share_);
  collector_.keep(a);
  const uint64_t n = a.count(f.parts.size());
  if constexpr (A::kLoads) {
    f.parts.clear();
    for (uint64_t i = 0; i < n; i++) f.parts.emplace_back();
    if (f.at_work > n) throw Malformed{"parts are missing"};
  }
  for (Part& part : f.parts) keep(a, part, f.info);
}

// Asked by all workers between two executions.
bool Exploration::checkpoint_due() {
  if (pause_.load(std::memory_order_relaxed)) return true;
  const double wait = std::max(options_.checkpoints->every, cost_ / options_.checkpoints->share);
  if (clock_seconds(CLOCK_MONOTONIC_COARSE) - kept_ < wait) return false;
  return pause_ = true;
}

void Exploration::checkpoint(Frontier& frontier) {
  pause_ = false;
  if (options_.in_vain && options_.in_vain->load(std::memory_order_relaxed)) return;
  const double begin = clock_seconds(CLOCK_MONOTONIC);
  double seconds = before_ + begin - start_;
  double cpu = cpu_before_ + clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_start_;
  TreeSaver to;
  fields(to, seconds, cpu);
  // A part that the clock has cut is not over.
  std::vector<bool> over;
  for (const Part& part : frontier.parts) over.push_back(part.over);
  keep(to, frontier);
  for (size_t i = 0; i < over.size(); i++) frontier.parts[i].over = over[i];
  options_.checkpoints->write(to.text());
  cost_ = clock_seconds(CLOCK_MONOTONIC) - begin;
  kept_ = clock_seconds(CLOCK_MONOTONIC_COARSE);
  collector_.result().checkpoints++;
  collector_.result().checkpoint_seconds += cost_;
}

// False: there is none. Throws Error(ExitCode::trace): bytes that no version of this program has
// written.
bool Exploration::go_on(Frontier& frontier) {
  if (options_.checkpoints->last.empty()) return false;
  try {
    TreeLoader from(options_.checkpoints->last, strategy_options_.reduce.needs_values(),
                    strategy_options_.step_bytes);
    fields(from, before_, cpu_before_);
    keep(from, frontier);
    if (!from.at_end()) throw Malformed{"something follows its end"};
  } catch (const Malformed& e) {
    throw Error(ExitCode::trace, "the checkpoint cannot be read: " + e.what);
  } catch (const cereal::Exception&) {
    throw Error(ExitCode::trace, "the checkpoint cannot be read: it ends too early");
  }
  collector_.result().earlier = collector_.merged();
  return true;
}

}  // namespace lockstep
