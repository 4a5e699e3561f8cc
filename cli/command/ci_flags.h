// Flags of those who let other machines run their scenarios; rows of the commands' table.
#pragma once
#include <span>

#include "cli/settings/options.h"

namespace lockstep::cli {

std::span<const Flag> memory_flags();   // --store, --baseline, --write-baseline
std::span<const Flag> report_flags();   // --report
std::span<const Flag> project_flags();  // --config, --show-config

}  // namespace lockstep::cli
