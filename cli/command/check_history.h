// lockstep check-history: verdicts on recorded histories, with reasons.
#pragma once
#include <cstdio>

#include "cli/settings/options.h"
#include "engine/base/error.h"

namespace lockstep::cli {

// 0 all valid, 1 one is not, 3 one is malformed, 5 a budget ended; 3 before 1 before 5. A page that
// cannot be written is said on `err`; the code is that of the verdict it was to be about.
// Throws Error (usage) for an unknown model or property.
ExitCode check_history(const CheckHistoryOptions& options, std::FILE* out, std::FILE* err);

}  // namespace lockstep::cli
