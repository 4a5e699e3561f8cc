// The races of a recorded execution: what could have come the other way round, next to each other.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/boundary/event.h"

namespace lockstep {

// Two conflicting operations of different actors, with nothing between them that orders them.
struct Race {
  uint32_t first = 0, second = 0;  // indices of events; `first` came first
};
// Latest `second` first. None of executions of more than kMostRaceEvents events.
inline constexpr size_t kMostRaceEvents = 5000;
std::vector<Race> immediate_races(std::span<const Event> events);

}  // namespace lockstep
