// How often runs that nobody steers meet a failure: executions of `--strategy native` from the
// start, counted. The answer is one of that strategy's model of a machine (strategy_native.cpp).
// Deterministic: bounded by executions and their steps, not by a clock.
#pragma once
#include <atomic>
#include <cstdint>

#include "engine/boundary/system.h"
#include "engine/explain/continuations.h"

namespace lockstep {

struct UnsteeredOptions {
  uint64_t runs = 10'000;            // at most
  uint64_t max_decisions = 400'000;  // in all of them; 0: no limit
  int cores = 4;
  const std::atomic<bool>* interrupted = nullptr;
};

struct Unsteered {
  Tally tally;  // of the runs that came to an end
  int cores = 0;
  bool budget_ended = false;  // by max_decisions
  bool cut = false;           // interrupted, or the time was up
};

// Run i is iteration i of `--strategy native` with that seed. Failures count as `failed` if they
// are like `failing`. A run is left out if it cannot be judged (Verdict::stopped).
Unsteered unsteered(System& system, uint64_t seed, const Outcome& failing,
                    const UnsteeredOptions& options = {});

}  // namespace lockstep
