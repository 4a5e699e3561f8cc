// The loop: begin, run, look at the outcome, next. Exploring records nothing but eight bytes a
// decision; a failing schedule is run a second time with recording on, which is also the check that
// it is deterministic.
#pragma once
#include "engine/explore/exploration_data.h"

namespace lockstep {

ExploreResult explore(const SystemFactory& factory, const ExploreOptions& options,
                      const ProgressFn& progress = {});
// The same on a System that is there already, with one worker.
ExploreResult explore(System& system, const ExploreOptions& options);

}  // namespace lockstep
