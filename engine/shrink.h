// From a failing execution to a minimal one with the same signature, over keyed deviations (D12).
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/explorer.h"
#include "engine/system.h"

namespace lockstep {

// "After `actor` has made `own` steps since it was created, `instead` goes next" in place of what the default scheduler
// would do: keep running the same process while it can; else the oldest enabled process, then the oldest signal, then the
// earliest timer; a choice takes its first value; no fault. One whose moment never comes, or whose `instead` cannot go
// then, is skipped, so every subset of a set of deviations is a schedule.
struct Deviation {
  uint64_t actor = 0;     // System::actor_key of the actor that would have gone on (the last one that stepped)
  uint32_t own = 0;       // steps it had made
  uint64_t instead = 0;   // key of the actor that goes; for data: the value
  AltKind kind = AltKind::step;
  friend auto operator<=>(const Deviation&, const Deviation&) = default;
};

struct ShrinkOptions {
  uint64_t max_attempts = 2000;
  double seconds = 10;
  const std::atomic<bool>* interrupted = nullptr;
  bool prove_minimum = true;    // try all smaller sets as far as the budget goes
};

struct ShrinkSize {
  uint32_t steps = 0, deviations = 0, switches = 0, preemptions = 0, processes = 0, faults = 0;
};

struct ShrinkResult {
  bool reproduced = false;      // the given schedule failed again with the same signature
  ShrinkSize before, after;
  uint64_t attempts = 0;        // replays made, all together
  double seconds = 0;
  bool one_minimal = false;     // no single deviation can be dropped
  bool minimum = false;         // all smaller sets were tried
  bool budget_ended = false;
  std::vector<Deviation> deviations;
  Recording recording;          // of the shrunk schedule
};

using ShrinkProgress = std::function<void(const ShrinkSize& now, uint64_t attempts)>;

ShrinkResult shrink(System& system, uint64_t seed, uint64_t iteration, std::span<const Decision> schedule,
                    const ShrinkOptions& options, const ShrinkProgress& progress = {});

}  // namespace lockstep
