#include "engine/explore/collector.h"

#include <algorithm>

#include "engine/base/check.h"

namespace lockstep {

Collector::Collector(const ExploreOptions& options)
    : options_(options), strides_(find_strategy(options.strategy)->claims.strides()) {}

void Collector::submit(Batch&& batch) {
  LOCKSTEP_ASSERT(finished_ ||
                  batch.from >= next_);  // nobody has handed in these iterations before
  waiting_.emplace(batch.from, std::move(batch));
  while (!finished_ && !waiting_.empty() && waiting_.begin()->first == next_) {
    merge(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
  }
}

// The failures cut the batch where one of them ends the run.
void Collector::merge(Batch& batch) {
  LOCKSTEP_CHECK(
      std::is_sorted(batch.failures.begin(), batch.failures.end(),
                     [](const Failure& a, const Failure& b) { return a.iteration < b.iteration; }));
  LOCKSTEP_CHECK(
      std::is_sorted(batch.lessons.begin(), batch.lessons.end(),
                     [](const Taught& a, const Taught& b) { return a.iteration < b.iteration; }));
  const uint64_t steps_before = result_.steps;
  uint64_t end = batch.from + batch.count + batch.others;
  if (batch.discarded > 0) discard();
  size_t in_vain = batch.in_vain, looked_at = batch.classes_in_vain;
  for (Failure& failure : batch.failures) {
    bool repeated = false;
    while (looked_at < failure.classes) repeated = repeats(batch.classes[looked_at++]);
    merge(failure, failure.counts && !repeated && in_vain == 0);
    in_vain -= in_vain > 0;
    if (!finished_) continue;
    end = failure.iteration + 1;
    result_.steps = steps_before + failure.steps;
    result_.activity.add(failure.activity);
    break;
  }
  if (!finished_) {
    result_.steps += batch.steps, result_.activity.add(batch.activity);
    while (looked_at < batch.classes.size()) repeats(batch.classes[looked_at++]);
  }
  next_ = end;
  result_.iterations = end;
  if (strides_ && options_.shards > 1)
    result_.iterations =
        end > options_.shard ? (end - options_.shard + options_.shards - 1) / options_.shards : 0;
  for (const auto& [iteration, fingerprint] : batch.samples) {
    if (iteration >= end) break;
    result_.classes_sampled++;
    const auto [it, fresh] = classes_.try_emplace(fingerprint, false);
    result_.classes += fresh;
    result_.classes_once += fresh;
    if (!fresh && !it->second) result_.classes_once--, it->second = true;
  }
  for (RaceSample& sample : batch.race_samples)
    if (sample.iteration < end) race_samples_.push_back(std::move(sample));
  result_.blocked += batch.blocked + batch.discarded;
  result_.evidence.merge(batch.evidence);
  for (Taught& taught : batch.lessons) lessons_.push_back(std::move(taught));
  if (finished_) return;
  if (batch.exhausted) {
    result_.exhausted = true;
    finish(StopReason::exhausted);
  } else if (batch.full) {
    finish(StopReason::memory);
  } else if (batch.cut) {
    finish(StopReason::time);
  } else if (options_.iterations && next_ == options_.iterations) {
    finish(StopReason::iterations);
  }
}

bool Collector::repeats(uint64_t class_digest) {
  if (executed_.insert(class_digest).second) return false;
  repeats_++;
  result_.blocked++;
  return true;
}

// All executions of the search so far count for nothing; the strategy says how many those are that
// it takes for classes, those found to be repeats among them.
void Collector::discard() {
  for (Finding& finding : result_.findings) finding.times = 0;
  result_.blocked -= repeats_;
  begin_search();
}

void Collector::merge(Failure& failure, bool counts_once) {
  if (failure.misuse) {
    result_.misuse = std::move(*failure.finding);
    return finish(StopReason::misuse);
  }
  if (failure.bound) result_.bound_hit++;
  const bool counts = !failure.known && (!failure.bound || options_.bounds_fail);
  const auto [it, fresh] = signatures_.try_emplace(failure.signature, result_.findings.size());
  if (!fresh) {
    result_.findings[it->second].times += counts_once;
    return;
  }
  result_.findings.push_back(std::move(*failure.finding));
  result_.findings.back().times = counts_once;
  if (counts && options_.max_failures && ++counted_ == options_.max_failures)
    finish(StopReason::failures);
}

void Collector::finish(StopReason reason) {
  finished_ = true;
  result_.stop = reason;
}

}  // namespace lockstep
