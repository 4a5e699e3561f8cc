// The passing execution that is nearest to a failing one: what the failing one could have been.
//
// Candidates turn one part of the contrast round and keep the others, or, where there is none, one
// order, fault or choice of the failing execution; else they leave it for a random walk, as late as
// one passes. The nearest has the fewest steps outside the longest common subsequence of the two
// (Hunt and Szymanski 1977; steps have names, so it is the longest increasing one of positions).
// Deterministic: bounded by executions and their steps, not by a clock.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/contrast/contrast.h"
#include "engine/trace/recording.h"

namespace lockstep {

struct PassingOptions {
  uint64_t max_attempts = 120;       // executions
  uint64_t max_decisions = 200'000;  // in all of them
  const std::atomic<bool>* interrupted = nullptr;
};

struct NearestPassing {
  Recording recording;
  // For each of its steps, the step (1-based) of the failing execution that does the same: same
  // process, kind, object, and the how many-th of these; 0: there is none.
  std::vector<uint32_t> twins;
  // ... and it is in the longest common subsequence: it did not move.
  std::vector<bool> stayed;
  uint32_t apart = 0;     // steps of either that moved, or that the other has not
  uint64_t attempts = 0;  // executions tried
};

// `failing` as record_schedule() gives it. Nothing if no execution that was tried passes.
std::optional<NearestPassing> nearest_passing(System& system, uint64_t seed, uint64_t iteration,
                                              const Recording& failing, const Contrast* contrast,
                                              const PassingOptions& options = {});

}  // namespace lockstep
