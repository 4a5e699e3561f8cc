// From a failing execution to a minimal one with the same signature, over keyed deviations (D12).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/explain/shrink_options.h"
#include "engine/trace/deviation.h"
#include "engine/trace/recording.h"

namespace lockstep {

struct ShrinkResult {
  bool reproduced = false;  // the given schedule failed again with the same signature
  ShrinkSize before, after;
  uint64_t attempts = 0;  // replays made, all together
  double seconds = 0;
  bool one_minimal = false;  // no single deviation can be dropped
  bool minimum = false;      // all smaller sets were tried
  bool budget_ended = false;
  // The recorded schedule is the one with these deviations told with fewer switches or steps
  // (straighten.h): `after` has its size, and the number of these deviations.
  bool straightened = false;
  // That schedule with the steps that were left out before its last one; no decisions: nothing was.
  // What decides the failure is asked of it (contrast_of_shrunk).
  Recording whole;
  bool cut =
      false;  // before it had begun, or before the shrunk schedule was recorded: there is none
  std::vector<Deviation> deviations;  // in the order they happen
  std::vector<uint32_t> at;           // the decision (0-based) of each, before it was straightened
  std::vector<uint64_t> keys;         // System::actor_key of each decision's actor
  std::vector<uint64_t> omitted;      // inputs left out, also in the system from now on
  uint32_t inputs = 0;                // that there were before
  Recording recording;                // of the shrunk schedule
};

ShrinkResult shrink(System& system, uint64_t seed, uint64_t iteration,
                    std::span<const Decision> schedule, const ShrinkOptions& options,
                    const ShrinkProgress& progress = {});

}  // namespace lockstep
