// The loop of `lockstep mcp`: requests from standard input, answers to standard output.
#pragma once
#include "cli/mcp/tools.h"
#include "engine/base/error.h"

namespace lockstep::cli::mcp {

// Until the end of the input, when what is under way has been answered, or until nobody reads the
// answers, or a signal. Exit code: ok, or interrupted.
ExitCode serve(const Bounds& bounds);

}  // namespace lockstep::cli::mcp
