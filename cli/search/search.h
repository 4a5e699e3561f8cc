// What run and verify share: explore each selected scenario, shrink and record what is found,
// report.
#pragma once
#include "cli/settings/options.h"

namespace lockstep::cli {

// Options::prove says which of the two it is.
ExitCode search_command(const Options& options);

}  // namespace lockstep::cli
