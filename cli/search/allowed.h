// What flags and scenarios ask for together, and a search cannot do.
#pragma once
#include <vector>

#include "cli/selection/selection.h"
#include "cli/settings/options.h"

namespace lockstep::cli {

// Throws Error(ExitCode::usage): --preemptions, --shard, --checkpoint or merge with what cannot
// have it.
void check_allowed(const Options& options, const std::vector<Selected>& selected);

}  // namespace lockstep::cli
