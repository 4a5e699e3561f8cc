// All small sets of deviations, one size after another: what makes a shrunk schedule a proven
// minimum.
#pragma once
#include "engine/explain/shrink_oracle.h"

namespace lockstep {

// Tries every set of at most `size` deviations (each the D of a smaller one with one deviation more
// after its last), in order of size, until one of them improves. Skips a set when it only moves an
// operation past others that it commutes with, and the set without that move was tried.
struct BoundedSearch {
  enum Result {
    improved,
    exhausted,
    gave_up
  };  // gave_up: the budget ended, or a choice had too many values

  static Result run(ShrinkOracle& oracle, uint32_t size);
};

}  // namespace lockstep
