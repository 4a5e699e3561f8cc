// An execution run again for its events.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/boundary/event.h"
#include "engine/boundary/outcome.h"
#include "engine/boundary/system.h"

namespace lockstep {

// One execution under a fixed schedule with recording on; used by explore, replay and shrink.
struct Recording {
  Outcome outcome;
  std::vector<Decision> decisions;
  std::vector<Event> events;
  std::string divergence;  // where the schedule could not be followed; empty: it was, to its end
};
Recording record_schedule(System& system, uint64_t seed, uint64_t iteration,
                          std::span<const Decision> schedule, bool fair_spins = false);

}  // namespace lockstep
