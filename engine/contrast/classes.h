// One execution of each class of equivalent schedules, where these are few.
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "engine/boundary/system.h"

namespace lockstep {

// True: there are no more than `most`, and `schedules` has one of each, as the strategy dpor found
// them with no reductions but fair spins. False: there are more, or they have more than
// `max_decisions` decisions in all; `schedules` has some.
bool all_classes(System& system, uint64_t seed, uint64_t iteration, uint64_t most,
                 uint64_t max_decisions, const std::atomic<bool>* interrupted,
                 std::vector<std::vector<Decision>>* schedules);

}  // namespace lockstep
