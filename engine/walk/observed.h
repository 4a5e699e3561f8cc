// What of the state changes along a recorded execution, for who tells it afterwards.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/boundary/choice.h"
#include "engine/boundary/system.h"

namespace lockstep {

struct StateChange {
  uint32_t step = 0;  // with which it came
  Shown what;         // the part of the state; its value after the step, or before if it is gone
  std::optional<std::string> before, after;
};

struct Observed {
  std::vector<StateChange> changes;  // in order of steps: of what behaviours keep ("server")
  std::vector<Shown> end;            // the whole state in which the execution has ended
};

// Runs the execution again and looks at it after each step. Nothing if it cannot be followed, or
// has more than `most` steps: then only the end is looked at.
Observed observe(System& system, uint64_t seed, uint64_t iteration,
                 std::span<const Decision> decisions, uint32_t most = 2000);

}  // namespace lockstep
