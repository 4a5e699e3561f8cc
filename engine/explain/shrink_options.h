// What shrinking is asked for.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/trace/deviation.h"

namespace lockstep {

struct ShrinkOptions {
  uint64_t max_attempts = 2000;
  uint64_t max_decisions = UINT64_MAX;  // in all of them: what bounds the time, without a clock
  double seconds = 10;
  const std::atomic<bool>* interrupted = nullptr;
  bool prove_minimum = true;      // try all smaller sets as far as the budget goes
  std::vector<uint64_t> omitted;  // inputs that the system leaves out already (System::omit)
  std::string
      signature;  // that the shrunk schedule must keep; empty: the one that the given schedule has
};

// `now`: of the best so far; after so many attempts.
using ShrinkProgress = std::function<void(const ShrinkSize& now, uint64_t attempts)>;

}  // namespace lockstep
