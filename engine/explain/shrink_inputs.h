// Leaving out inputs that a failure does not need (System::inputs): operations that generators
// made.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/trace/deviation.h"

namespace lockstep {

struct InputShrink {
  std::vector<uint64_t> omitted;    // all that are left out now, also in the system
  uint32_t before = 0, after = 0;   // inputs made, with and without them
  std::vector<Decision> decisions;  // of an execution that fails without them; empty: none was
                                    // found with fewer inputs
  uint64_t attempts = 0;            // executions
};

// Halves, quarters, ... single ones (ddmin: Zeller and Hildebrandt, "Simplifying and Isolating
// Failure-Inducing Input", 2002). A set may go if the execution without it fails with the same
// signature under the same deviations or, since those count steps that may be gone, on one of a few
// random walks. `omitted` are left out already.
InputShrink shrink_inputs(System& system, uint64_t seed, uint64_t iteration,
                          std::span<const Deviation> deviations, const std::string& signature,
                          const std::vector<uint64_t>& omitted, double seconds,
                          uint64_t attempts_max);

}  // namespace lockstep
