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

// What a shard has learnt, for others to begin with (ExploreOptions::learnt), and those that have
// come to their end without what others have learnt, so that they are to be run again with it.
// Errors as above.
ShardLessons lessons_of_shard(const std::string& saved);
bool shard_exhausted(const std::string& saved);  // it has come to its end
std::vector<size_t> shards_behind(const std::vector<std::string>& saved);

}  // namespace lockstep
