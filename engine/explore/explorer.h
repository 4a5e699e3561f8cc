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

// What the shards of a run have come to (ExploreResult::saved), as one result: findings recorded
// again, and executions looked at for races, on `system`. Throws Error(ExitCode::trace): not what
// explore saved.
ExploreResult merge_shards(System& system, const ExploreOptions& options,
                           const std::vector<std::string>& saved);

}  // namespace lockstep
