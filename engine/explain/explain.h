// Why an execution fails: the pairs of operations whose order decides. Each immediate race of the
// failing execution is reversed, everything else kept as far as it goes, and run: those that
// pass then are to blame. One execution per race, as when Hermit looks for its critical pair; ours
// are the races that happens-before leaves open.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/trace/recording.h"

namespace lockstep {

struct Culprit {
  // Steps (1-based) of the failing execution; second 0: what the process would have done next that
  // the first one ended.
  uint32_t first = 0, second = 0;
  std::string first_text, second_text;
};

struct ExplainOptions {
  uint64_t max_attempts = 60;        // executions
  uint64_t max_decisions = 200'000;  // in all of them: what bounds the time, without a clock
  const std::atomic<bool>* interrupted = nullptr;
};

struct Explanation {
  std::vector<Culprit> culprits;  // reversed, each alone makes the execution pass; latest first
  uint32_t races = 0;             // immediate races, and ends of processes that could have gone on
  uint32_t turned = 0;            // that could be reversed, and were
  uint32_t other_failures = 0;    // of these, how many then failed with another signature
  uint64_t attempts = 0;
  bool complete = false;  // every race was tried
  std::string sentence;  // "P1 reads x (step 3) before P2 writes x (step 5); the other way round it
                         // passes"; empty without a culprit
};

// `failing` as record_schedule() gives it, best after shrinking. Longer executions than 5000 events
// are not explained.
Explanation explain(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
                    const ExplainOptions& options = {});

}  // namespace lockstep
